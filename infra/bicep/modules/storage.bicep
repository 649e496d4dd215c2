metadata description = 'The storage account of one app: its package, its host keys and its timer locks. One each, so that no app can replace the other\'s code.'

@description('Where the account is.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the account: up to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param accountName string

@description('Three zones instead of one.')
param zoneRedundant bool

@description('Principal of the app.')
param ownerPrincipalId string

@description('Name of its identity: part of the name of its role assignment, which must be known before anything is made.')
param ownerName string

@description('Reach it over a private endpoint only.')
param privateNetworking bool

@description('Resource id of the subnet for the private endpoint; empty without one.')
param endpointSubnetId string

@description('Resource id of the DNS zone for blobs; empty without a private endpoint.')
param dnsZoneId string

// Storage Blob Data Owner
var ownerRole = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'packages'
  properties: {
    publicAccess: 'None'
  }
}

resource owner 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, ownerName, ownerRole)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ownerRole)
    principalId: ownerPrincipalId
    principalType: 'ServicePrincipal'
  }
}

module endpoint 'endpoint.bicep' = if (privateNetworking) {
  name: '${accountName}-endpoint'
  params: {
    location: location
    tags: tags
    endpointName: '${accountName}-endpoint'
    targetId: account.id
    groupId: 'blob'
    subnetId: endpointSubnetId
    dnsZoneId: dnsZoneId
  }
}

@description('Name of the account.')
output accountName string = account.name

@description('Name of the blob container that the package is published to.')
output packageContainerName string = packages.name
