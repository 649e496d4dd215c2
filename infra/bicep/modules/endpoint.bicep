metadata description = 'A private endpoint to one service, and its name in the private DNS zone.'

@description('Where the endpoint is.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the endpoint.')
param endpointName string

@description('Resource id of the service behind it.')
param targetId string

@description('Which part of the service: Sql, namespace or blob.')
param groupId string

@description('Resource id of the subnet it is in.')
param subnetId string

@description('Resource id of the DNS zone that names it.')
param dnsZoneId string

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: endpointName
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: groupId
        properties: {
          privateLinkServiceId: targetId
          groupIds: [groupId]
        }
      }
    ]
  }
}

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: groupId
        properties: {
          privateDnsZoneId: dnsZoneId
        }
      }
    ]
  }
}
