metadata description = 'What wakes somebody up. docs/operate.md says of each what it means and what to do.'

@description('Where log alerts are kept.')
param location string

@description('Tags of every resource.')
param tags object

@description('First part of every name.')
param namePrefix string

@description('Who is mailed; nobody where it is empty.')
param email string

@description('Resource id of the workspace that is searched.')
param workspaceId string

@description('Resource id of the Cosmos DB account.')
param cosmosAccountId string

@description('Resource id of the Service Bus namespace.')
param serviceBusNamespaceId string

@description('Name of the topic.')
param topicName string

@description('Name of the API\'s Function app.')
param apiAppName string

@description('Name of the relay\'s Function app.')
param relayAppName string

// The relay's log lines are JSON; a sweep says `outbox swept` every minute, whatever it found.
var relayLines = 'AppTraces | where AppRoleName =~ "${relayAppName}" | extend line = parse_json(Message)'
var logAlerts = [
  {
    name: 'events-late'
    description: 'An event has been pending for more than five minutes.'
    severity: 1
    query: '${relayLines} | where tostring(line.message) == "outbox swept" | summarize value = max(toint(line.oldest_age_s)) by bin(TimeGenerated, 1m)'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: 300
  }
  {
    name: 'events-parked'
    description: 'An event was parked: the broker will never take it, and later events of its order wait.'
    severity: 2
    query: '${relayLines} | where tostring(line.message) startswith "event parked" | summarize value = count() by bin(TimeGenerated, 1m)'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'relay-silent'
    description: 'No sweep came to its end for a quarter of an hour: the relay does not run, or cannot read the store.'
    severity: 1
    query: '${relayLines} | where tostring(line.message) == "outbox swept" | summarize value = count()'
    aggregation: 'Total'
    operator: 'LessThan'
    threshold: 1
  }
  {
    name: 'invocations-failed'
    description: 'The relay fails again and again, or the API answers 5xx.'
    severity: 2
    query: 'AppRequests | where AppRoleName in~ ("${relayAppName}", "${apiAppName}") | where Success == false or ResultCode startswith "5" | summarize value = count() by bin(TimeGenerated, 1m)'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 10
  }
]

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${namePrefix}-operators'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'outbox'
    emailReceivers: empty(email) ? [] : [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource logRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in logAlerts: {
  name: '${namePrefix}-${alert.name}'
  location: location
  tags: tags
  properties: {
    displayName: alert.name
    description: alert.description
    severity: alert.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: alert.aggregation
          metricMeasureColumn: 'value'
          operator: alert.operator
          threshold: alert.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    // The tables of a workspace that was made this minute may not be known yet.
    skipQueryValidation: true
    autoMitigate: true
    actions: {
      actionGroups: [mail.id]
    }
  }
}]

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${namePrefix}-dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'A message lies in a dead-letter queue: a consumer gave it up, or it expired.'
    severity: 2
    enabled: true
    scopes: [serviceBusNamespaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-letters'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadletteredMessages'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: [topicName]
            }
          ]
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Maximum'
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: mail.id
      }
    ]
  }
}

resource throttling 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${namePrefix}-throttled'
  location: 'global'
  tags: tags
  properties: {
    description: 'Cosmos DB answered 429 more than 100 times in a quarter of an hour.'
    severity: 2
    enabled: true
    scopes: [cosmosAccountId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'throttled'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'TotalRequests'
          metricNamespace: 'Microsoft.DocumentDB/databaseAccounts'
          dimensions: [
            {
              name: 'StatusCode'
              operator: 'Include'
              values: ['429']
            }
          ]
          operator: 'GreaterThan'
          threshold: 100
          timeAggregation: 'Count'
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: mail.id
      }
    ]
  }
}
