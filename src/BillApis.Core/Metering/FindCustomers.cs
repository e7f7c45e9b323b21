namespace BillApis;

/// <summary>Finds the customers that events name, by id or external id; what the tenant does not have is left out.</summary>
internal delegate Task<IReadOnlyDictionary<string, CustomerId>> FindCustomers(TenantId tenant, IReadOnlyCollection<string> references, CancellationToken cancellationToken);
