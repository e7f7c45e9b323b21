namespace BillApis.Outbox;

/// <summary>Carries out the events of one type; must be harmless to repeat.</summary>
/// <param name="Type">The type of event, for example <c>ledger.posting</c>.</param>
/// <param name="HandleAsync">Carries out a batch of one tenant's events, oldest first.</param>
public sealed record OutboxHandler(string Type, Func<TenantId, IReadOnlyList<BillingEvent>, CancellationToken, Task> HandleAsync);
