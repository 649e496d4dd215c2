metadata description = 'The identity of one app. User-assigned, so that its rights stand before its code is published.'

@description('Where the identity is.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the identity.')
param identityName string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: identityName
  location: location
  tags: tags
}

@description('Resource id of the identity.')
output identityId string = identity.id

@description('What the app names its identity by.')
output clientId string = identity.properties.clientId

@description('What rights are given to.')
output principalId string = identity.properties.principalId
