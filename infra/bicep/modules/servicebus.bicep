metadata description = 'Service Bus: a topic that drops repeats, and a subscription that hands out each order\'s events in sequence. No keys.'

@description('Where the namespace is.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the namespace.')
@minLength(6)
@maxLength(50)
param namespaceName string

@description('Name of the topic.')
param topicName string

@description('Name of the subscription that gets every event.')
param subscriptionName string

@description('How long a repeat of a MessageId is dropped (ISO 8601 duration).')
param duplicateDetectionWindow string

@description('Refuse to delete the namespace until the lock is taken away.')
param lockAgainstDeletion bool

@description('Resource id of the workspace that audit logs go to.')
param workspaceId string

@description('Principal that may send to the topic, and nothing else.')
param senderPrincipalId string

@description('Name of its identity: part of the name of its role assignment, which must be known before anything is made.')
param senderName string

@description('Principals that may receive from the subscription, and nothing else.')
param receiverPrincipalIds array

@description('Principals of operators, who publish again what was lost elsewhere.')
param operatorPrincipalIds array

@description('Reach it over a private endpoint only; takes the Premium tier.')
param privateNetworking bool

@description('Resource id of the subnet for the private endpoint; empty without one.')
param endpointSubnetId string

@description('Resource id of the DNS zone for Service Bus; empty without a private endpoint.')
param dnsZoneId string

// Azure Service Bus Data Sender
var senderRole = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
// Azure Service Bus Data Receiver
var receiverRole = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: namespaceName
  location: location
  tags: tags
  sku: privateNetworking ? {
    name: 'Premium'
    tier: 'Premium'
    capacity: 1
  } : {
    name: 'Standard'
    tier: 'Standard'
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
  }
}

// Duplicate detection, sessions and partitioning cannot be changed after creation.
resource topic 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = {
  parent: namespace
  name: topicName
  properties: {
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: duplicateDetectionWindow
    supportOrdering: true
    enablePartitioning: false
    maxSizeInMegabytes: 5120
    defaultMessageTimeToLive: 'P14D'
  }
}

resource subscription 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = {
  parent: topic
  name: subscriptionName
  properties: {
    requiresSession: true
    lockDuration: 'PT1M'
    maxDeliveryCount: 10
    defaultMessageTimeToLive: 'P14D'
    deadLetteringOnMessageExpiration: true
    deadLetteringOnFilterEvaluationExceptions: true
  }
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(topic.id, senderName, senderRole)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', senderRole)
    principalId: senderPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource operators 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for principalId in operatorPrincipalIds: {
  name: guid(topic.id, principalId, senderRole)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', senderRole)
    principalId: principalId
  }
}]

// Of any type: consumers are apps, those who run the smoke test are people.
resource receivers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for principalId in receiverPrincipalIds: {
  name: guid(subscription.id, principalId, receiverRole)
  scope: subscription
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', receiverRole)
    principalId: principalId
  }
}]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'OperationalLogs'
        enabled: true
      }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (lockAgainstDeletion) {
  name: 'keep'
  scope: namespace
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds messages that consumers have not taken yet.'
  }
}

module endpoint 'endpoint.bicep' = if (privateNetworking) {
  name: '${namespaceName}-endpoint'
  params: {
    location: location
    tags: tags
    endpointName: '${namespaceName}-endpoint'
    targetId: namespace.id
    groupId: 'namespace'
    subnetId: endpointSubnetId
    dnsZoneId: dnsZoneId
  }
}

@description('Resource id of the namespace.')
output namespaceId string = namespace.id

@description('Name of the namespace.')
output namespaceName string = namespace.name

@description('Host name of the namespace.')
output host string = split(split(namespace.properties.serviceBusEndpoint, '/')[2], ':')[0]
