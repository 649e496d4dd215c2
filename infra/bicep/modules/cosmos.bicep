metadata description = 'Cosmos DB: orders with their outbox in one container, leases of the change feed in another. No keys.'

@description('Where the account is.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the account.')
@minLength(3)
@maxLength(44)
param accountName string

@description('Name of the database.')
param databaseName string

@description('Name of the container for orders and their events.')
param ordersContainerName string

@description('Name of the container for the leases of the change feed.')
param leasesContainerName string

@description('How it is paid: by request, or by autoscaled throughput.')
@allowed(['serverless', 'autoscale'])
param mode string

@description('Highest request units a second of the orders container, where it autoscales.')
param throughputMax int

@description('How far back it can be restored to any second.')
param backupTier string

@description('Three zones instead of one.')
param zoneRedundant bool

@description('Refuse to delete the account until the lock is taken away.')
param lockAgainstDeletion bool

@description('Resource id of the workspace that control-plane logs go to.')
param workspaceId string

@description('Principal of the API.')
param apiPrincipalId string

@description('Name of its identity: part of the name of its role assignment, which must be known before anything is made.')
param apiName string

@description('Principal of the relay.')
param relayPrincipalId string

@description('Name of its identity, for the same.')
param relayName string

@description('Principals of operators.')
param operatorPrincipalIds array

@description('Reach it over a private endpoint only.')
param privateNetworking bool

@description('Resource id of the subnet for the private endpoint; empty without one.')
param endpointSubnetId string

@description('Resource id of the DNS zone for Cosmos DB; empty without a private endpoint.')
param dnsZoneId string

var isServerless = mode == 'serverless'
// Cosmos DB Built-in Data Contributor
var contributorRole = '00000000-0000-0000-0000-000000000002'
// What queries use, and nothing else: indexing is what makes writes dear.
var indexedPaths = ['/type/?', '/state/?', '/accountNumber/?', '/placedAt/?', '/occurredAt/?', '/sequence/?']

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' = {
  name: accountName
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: zoneRedundant
      }
    ]
    capabilities: isServerless ? [
      {
        name: 'EnableServerless'
      }
    ] : []
    consistencyPolicy: {
      defaultConsistencyLevel: 'Session'
    }
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: backupTier
      }
    }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-04-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: {
      id: databaseName
    }
  }
}

resource orders 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-04-15' = {
  parent: database
  name: ordersContainerName
  properties: {
    resource: {
      id: ordersContainerName
      partitionKey: {
        paths: ['/partitionKey']
        kind: 'Hash'
        version: 2
      }
      // On, and off by default: only a processed event carries a time to live.
      defaultTtl: -1
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [for path in indexedPaths: {
          path: path
        }]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/placedAt'
              order: 'descending'
            }
            {
              path: '/id'
              order: 'descending'
            }
          ]
        ]
      }
    }
    options: isServerless ? {} : {
      autoscaleSettings: {
        maxThroughput: throughputMax
      }
    }
  }
}

// Made here: with an identity the trigger may not make it itself.
resource leases 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-04-15' = {
  parent: database
  name: leasesContainerName
  properties: {
    resource: {
      id: leasesContainerName
      partitionKey: {
        paths: ['/id']
        kind: 'Hash'
        version: 2
      }
    }
    options: isServerless ? {} : {
      autoscaleSettings: {
        maxThroughput: 1000
      }
    }
  }
}

// One after the other, from the containers to the endpoint: each takes a lock on the whole account,
// and what comes in between is refused with 412.
resource apiAccess 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: account
  name: guid(account.id, apiName, contributorRole, ordersContainerName)
  properties: {
    principalId: apiPrincipalId
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${contributorRole}'
    scope: '${account.id}/dbs/${database.name}/colls/${orders.name}'
  }
  dependsOn: [leases]
}

resource relayAccess 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: account
  name: guid(account.id, relayName, contributorRole, databaseName)
  properties: {
    principalId: relayPrincipalId
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${contributorRole}'
    scope: '${account.id}/dbs/${database.name}'
  }
  dependsOn: [apiAccess]
}

@batchSize(1)
resource operatorAccess 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = [for principalId in operatorPrincipalIds: {
  parent: account
  name: guid(account.id, principalId, contributorRole, ordersContainerName)
  properties: {
    principalId: principalId
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${contributorRole}'
    scope: '${account.id}/dbs/${database.name}/colls/${orders.name}'
  }
  dependsOn: [relayAccess]
}]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ControlPlaneRequests'
        enabled: true
      }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (lockAgainstDeletion) {
  name: 'keep'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds every order, and events that may not be published yet.'
  }
}

module endpoint 'endpoint.bicep' = if (privateNetworking) {
  name: '${accountName}-endpoint'
  params: {
    location: location
    tags: tags
    endpointName: '${accountName}-endpoint'
    targetId: account.id
    groupId: 'Sql'
    subnetId: endpointSubnetId
    dnsZoneId: dnsZoneId
  }
  dependsOn: [relayAccess, operatorAccess]
}

@description('Resource id of the account.')
output accountId string = account.id

@description('Name of the account.')
output accountName string = account.name

@description('Address of the account.')
output endpoint string = account.properties.documentEndpoint
