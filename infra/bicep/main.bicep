metadata name = 'Order service with a transactional outbox'
metadata description = 'Two Function apps, Cosmos DB and Service Bus. Nothing here knows a key: every app has an identity of its own.'

targetScope = 'resourceGroup'

@description('Which of the two shapes this is; it goes into the tags.')
@allowed(['dev', 'prod'])
param environmentName string

@description('Where everything is; the region must offer Flex Consumption with custom handlers.')
param location string = resourceGroup().location

@description('First part of every name: lower-case letters and digits.')
@minLength(2)
@maxLength(8)
param workload string = 'shop'

@description('How Cosmos DB is paid: by request, or by autoscaled throughput.')
@allowed(['serverless', 'autoscale'])
param cosmosMode string = 'serverless'

@description('Highest request units a second of the orders container, where it autoscales; it idles at a tenth.')
@minValue(1000)
@maxValue(1000000)
param cosmosThroughputMax int = 1000

@description('How far back Cosmos DB can be restored to any second.')
@allowed(['Continuous7Days', 'Continuous30Days'])
param backupTier string = 'Continuous7Days'

@description('Spread over availability zones; the region must have them.')
param zoneRedundant bool = false

@description('Refuse to delete Cosmos DB and Service Bus until the locks are taken away.')
param lockAgainstDeletion bool = false

@description('Reach Cosmos DB, Service Bus and storage over private endpoints only. Takes Service Bus Premium.')
param privateNetworking bool = false

@description('Days that a processed event is kept, and that Service Bus recognises a repeat of it. 7 is the most that duplicate detection allows.')
@minValue(1)
@maxValue(7)
param retentionDays int = 7

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Most instances of the API.')
@minValue(1)
@maxValue(1000)
param apiInstancesMax int = 40

@description('Most instances of the relay; more than the container has physical partitions stay idle.')
@minValue(1)
@maxValue(1000)
param relayInstancesMax int = 40

@description('Who is mailed when an alert fires; nobody where it is empty.')
param alertEmail string = ''

@description('Object ids of those who may receive from the subscription: consumers, and who runs the smoke test.')
param receiverPrincipalIds array = []

@description('Object ids of operators: they may read, release and publish events with `relay status`, `relay release`, `relay replay`.')
param operatorPrincipalIds array = []

var suffix = uniqueString(resourceGroup().id)
var tags = {
  application: workload
  environment: environmentName
}
// Of an app, its plan and its identity. Whatever a name is made of has to be known before anything
// is made: what-if cannot tell what becomes of the rest.
var apiName = '${workload}-api-${suffix}'
var relayName = '${workload}-relay-${suffix}'
var databaseName = 'shop'
var ordersContainerName = 'orders'
var leasesContainerName = 'leases'
var topicName = 'orders'
var subscriptionName = 'all'
var logLevel = 'info'

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    location: location
    tags: tags
    workspaceName: '${workload}-logs-${suffix}'
    componentName: '${workload}-insights-${suffix}'
    logRetentionDays: logRetentionDays
    publisherPrincipalIds: [apiIdentity.outputs.principalId, relayIdentity.outputs.principalId]
    publisherNames: [apiName, relayName]
  }
}

module apiIdentity 'modules/identity.bicep' = {
  name: 'api-identity'
  params: {
    location: location
    tags: tags
    identityName: apiName
  }
}

module relayIdentity 'modules/identity.bicep' = {
  name: 'relay-identity'
  params: {
    location: location
    tags: tags
    identityName: relayName
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  params: {
    location: location
    tags: tags
    networkName: '${workload}-network-${suffix}'
  }
}

module apiStorage 'modules/storage.bicep' = {
  name: 'api-storage'
  params: {
    location: location
    tags: tags
    accountName: '${workload}api${suffix}'
    zoneRedundant: zoneRedundant
    ownerPrincipalId: apiIdentity.outputs.principalId
    ownerName: apiName
    privateNetworking: privateNetworking
    endpointSubnetId: privateNetworking ? network!.outputs.endpointSubnetId : ''
    dnsZoneId: privateNetworking ? network!.outputs.blobZoneId : ''
  }
}

module relayStorage 'modules/storage.bicep' = {
  name: 'relay-storage'
  params: {
    location: location
    tags: tags
    accountName: '${workload}rly${suffix}'
    zoneRedundant: zoneRedundant
    ownerPrincipalId: relayIdentity.outputs.principalId
    ownerName: relayName
    privateNetworking: privateNetworking
    endpointSubnetId: privateNetworking ? network!.outputs.endpointSubnetId : ''
    dnsZoneId: privateNetworking ? network!.outputs.blobZoneId : ''
  }
}

module cosmos 'modules/cosmos.bicep' = {
  name: 'cosmos'
  params: {
    location: location
    tags: tags
    accountName: '${workload}-${suffix}'
    databaseName: databaseName
    ordersContainerName: ordersContainerName
    leasesContainerName: leasesContainerName
    mode: cosmosMode
    throughputMax: cosmosThroughputMax
    backupTier: backupTier
    zoneRedundant: zoneRedundant
    lockAgainstDeletion: lockAgainstDeletion
    workspaceId: monitoring.outputs.workspaceId
    apiPrincipalId: apiIdentity.outputs.principalId
    apiName: apiName
    relayPrincipalId: relayIdentity.outputs.principalId
    relayName: relayName
    operatorPrincipalIds: operatorPrincipalIds
    privateNetworking: privateNetworking
    endpointSubnetId: privateNetworking ? network!.outputs.endpointSubnetId : ''
    dnsZoneId: privateNetworking ? network!.outputs.cosmosZoneId : ''
  }
}

module serviceBus 'modules/servicebus.bicep' = {
  name: 'servicebus'
  params: {
    location: location
    tags: tags
    namespaceName: '${workload}-bus-${suffix}'
    topicName: topicName
    subscriptionName: subscriptionName
    duplicateDetectionWindow: 'P${retentionDays}D'
    lockAgainstDeletion: lockAgainstDeletion
    workspaceId: monitoring.outputs.workspaceId
    senderPrincipalId: relayIdentity.outputs.principalId
    senderName: relayName
    receiverPrincipalIds: receiverPrincipalIds
    operatorPrincipalIds: operatorPrincipalIds
    privateNetworking: privateNetworking
    endpointSubnetId: privateNetworking ? network!.outputs.endpointSubnetId : ''
    dnsZoneId: privateNetworking ? network!.outputs.serviceBusZoneId : ''
  }
}

module api 'modules/functionapp.bicep' = {
  name: 'api'
  params: {
    location: location
    tags: tags
    appName: apiName
    identityId: apiIdentity.outputs.identityId
    identityClientId: apiIdentity.outputs.clientId
    storageAccountName: apiStorage.outputs.accountName
    packageContainerName: apiStorage.outputs.packageContainerName
    componentName: monitoring.outputs.componentName
    zoneRedundant: zoneRedundant
    instancesMax: apiInstancesMax
    alwaysReady: []
    subnetId: privateNetworking ? network!.outputs.apiSubnetId : ''
    settings: {
      COSMOS_ENDPOINT: cosmos.outputs.endpoint
      COSMOS_DATABASE: databaseName
      COSMOS_CONTAINER: ordersContainerName
      RUST_LOG: logLevel
    }
  }
}

module relay 'modules/functionapp.bicep' = {
  name: 'relay'
  params: {
    location: location
    tags: tags
    appName: relayName
    identityId: relayIdentity.outputs.identityId
    identityClientId: relayIdentity.outputs.clientId
    storageAccountName: relayStorage.outputs.accountName
    packageContainerName: relayStorage.outputs.packageContainerName
    componentName: monitoring.outputs.componentName
    zoneRedundant: zoneRedundant
    instancesMax: relayInstancesMax
    // It stays up: events leave at once, and nothing hangs on waking it from zero. Two is the
    // least that the platform takes where an app is spread over zones.
    alwaysReady: [
      {
        name: 'function:Relay'
        instanceCount: zoneRedundant ? 2 : 1
      }
    ]
    subnetId: privateNetworking ? network!.outputs.relaySubnetId : ''
    settings: {
      COSMOS_ENDPOINT: cosmos.outputs.endpoint
      COSMOS_DATABASE: databaseName
      COSMOS_CONTAINER: ordersContainerName
      CosmosConnection__accountEndpoint: cosmos.outputs.endpoint
      CosmosConnection__credential: 'managedidentity'
      CosmosConnection__clientId: relayIdentity.outputs.clientId
      SERVICEBUS_NAMESPACE: serviceBus.outputs.host
      SERVICEBUS_TOPIC: topicName
      RELAY_RETENTION: '${retentionDays}d'
      RELAY_SWEEP_AFTER: '60s'
      RELAY_IN_FLIGHT: '64'
      RUST_LOG: logLevel
    }
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    namePrefix: '${workload}-${suffix}'
    email: alertEmail
    workspaceId: monitoring.outputs.workspaceId
    cosmosAccountId: cosmos.outputs.accountId
    serviceBusNamespaceId: serviceBus.outputs.namespaceId
    topicName: topicName
    apiAppName: apiName
    relayAppName: relayName
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: {
    location: location
    tags: tags
    displayName: '${workload} outbox (${environmentName})'
    workspaceId: monitoring.outputs.workspaceId
    cosmosAccountId: cosmos.outputs.accountId
    serviceBusNamespaceId: serviceBus.outputs.namespaceId
  }
}

@description('Name of the API\'s Function app.')
output apiAppName string = api.outputs.appName

@description('Host name of the API.')
output apiHost string = api.outputs.host

@description('Name of the relay\'s Function app.')
output relayAppName string = relay.outputs.appName

@description('Host name of the relay.')
output relayHost string = relay.outputs.host

@description('Name of the Cosmos DB account.')
output cosmosAccountName string = cosmos.outputs.accountName

@description('Address of the Cosmos DB account.')
output cosmosEndpoint string = cosmos.outputs.endpoint

@description('Name of the database.')
output databaseName string = databaseName

@description('Name of the Service Bus namespace.')
output serviceBusNamespaceName string = serviceBus.outputs.namespaceName

@description('Host name of the Service Bus namespace.')
output serviceBusHost string = serviceBus.outputs.host

@description('Name of the topic that events are published to.')
output topicName string = topicName

@description('Name of the subscription that gets every event.')
output subscriptionName string = subscriptionName

@description('Resource id of the workbook that shows the outbox.')
output workbookId string = workbook.outputs.workbookId
