//! Azure Service Bus over fe2o3-amqp.
