//! Service Bus: a broker core, and AMQP 1.0 over it.
