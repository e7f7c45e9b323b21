using NodaTime;

namespace BillApis.Outbox;

/// <summary>Keeps the events that were stored with their causes, and whether they were carried out. Implementations must pass <c>OutboxStoreConformance</c>.</summary>
public interface IOutboxStore
{
    /// <summary>The oldest events that were not carried out yet, of one tenant or of all.</summary>
    Task<IReadOnlyList<OutboxEvent>> PendingAsync(TenantId? tenant, int limit, CancellationToken cancellationToken);

    /// <summary>Hands over, once, the events of one tenant or of all that this process stored and did not carry out yet, oldest first; null where the table has to be asked. What is not carried out stays pending there.</summary>
    IReadOnlyList<OutboxEvent>? TakeCommitted(TenantId? tenant);

    /// <summary>What happened to one thing, oldest first, at most <see cref="Limits.PageSize"/> events.</summary>
    Task<IReadOnlyList<OutboxEvent>> OfSubjectAsync(TenantId tenant, string subject, CancellationToken cancellationToken);

    /// <summary>Marks events as carried out; marking one twice changes nothing.</summary>
    Task DoneAsync(IReadOnlyList<OutboxEvent> events, Instant at, CancellationToken cancellationToken);
}

/// <summary>A stored event.</summary>
/// <param name="Position">Its place in the outbox; grows with time.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Event">What happened.</param>
public sealed record OutboxEvent(long Position, TenantId Tenant, BillingEvent Event);
