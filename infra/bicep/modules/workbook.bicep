metadata description = 'The outbox on one page: what waits and for how long, what goes out, what fails, and what it costs.'

@description('Where the workbook is kept.')
param location string

@description('Tags of every resource.')
param tags object

@description('Its title.')
param displayName string

@description('Resource id of the workspace that it searches.')
param workspaceId string

@description('Resource id of the Cosmos DB account.')
param cosmosAccountId string

@description('Resource id of the Service Bus namespace.')
param serviceBusNamespaceId string

var template = loadTextContent('workbook.json')
var withCosmos = replace(template, '<cosmos>', cosmosAccountId)
var withServiceBus = replace(withCosmos, '<servicebus>', serviceBusNamespaceId)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'outbox')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    category: 'workbook'
    displayName: displayName
    sourceId: workspaceId
    serializedData: replace(withServiceBus, '<workspace>', workspaceId)
  }
}

@description('Resource id of the workbook.')
output workbookId string = workbook.id
