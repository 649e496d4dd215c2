metadata description = 'A network for the apps and for private endpoints, with the DNS zones that lead to them.'

@description('Where the network is.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the virtual network.')
param networkName string

var zoneNames = [
  'privatelink.documents.azure.com'
  'privatelink.servicebus.windows.net'
  'privatelink.blob.${environment().suffixes.storage}'
]

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: networkName
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: ['10.40.0.0/16']
    }
    subnets: [
      {
        name: 'api'
        properties: {
          addressPrefix: '10.40.0.0/24'
          delegations: [
            {
              name: 'flex'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'relay'
        properties: {
          addressPrefix: '10.40.1.0/24'
          delegations: [
            {
              name: 'flex'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.40.2.0/24'
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zoneName in zoneNames: {
  name: zoneName
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zoneName, index) in zoneNames: {
  parent: zones[index]
  name: uniqueString(network.id, zoneName)
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

@description('Resource id of the subnet that the API sends from.')
output apiSubnetId string = '${network.id}/subnets/api'

@description('Resource id of the subnet that the relay sends from.')
output relaySubnetId string = '${network.id}/subnets/relay'

@description('Resource id of the subnet that private endpoints are in.')
output endpointSubnetId string = '${network.id}/subnets/endpoints'

@description('Resource id of the DNS zone for Cosmos DB.')
output cosmosZoneId string = zones[0].id

@description('Resource id of the DNS zone for Service Bus.')
output serviceBusZoneId string = zones[1].id

@description('Resource id of the DNS zone for blobs.')
output blobZoneId string = zones[2].id
