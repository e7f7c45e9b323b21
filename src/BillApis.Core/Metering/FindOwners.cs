namespace BillApis;

/// <summary>Finds whose the subscriptions are that events name, all in one go; what the tenant does not have is left out.</summary>
internal delegate Task<IReadOnlyDictionary<SubscriptionId, CustomerId>> FindOwners(TenantId tenant, IReadOnlyCollection<SubscriptionId> subscriptions, CancellationToken cancellationToken);
