using NodaTime;

namespace BillApis.Outbox;

/// <summary>Carries out the events of the outbox: at once after the write that stored them, and again by the worker for what a crash left.</summary>
public sealed class OutboxDispatcher(IOutboxStore store, IEnumerable<OutboxHandler> handlers, IClock clock)
{
    private const int BatchSize = 500;
    private readonly ILookup<string, OutboxHandler> _handlers = handlers.ToLookup(handler => handler.Type);

    /// <summary>Carries out all that is pending for the tenant, or for every tenant; answers how many events that were.</summary>
    public async Task<int> DispatchAsync(TenantId? tenant, CancellationToken cancellationToken)
    {
        for (var total = 0; ;)
        {
            var pending = await store.PendingAsync(tenant, BatchSize, cancellationToken).ConfigureAwait(false);
            if (pending.Count == 0)
            {
                return total;
            }

            foreach (var group in pending.GroupBy(item => (item.Tenant, item.Event.Type)))
            {
                foreach (var handler in _handlers[group.Key.Type])
                {
                    await handler.HandleAsync(group.Key.Tenant, [.. group.Select(item => item.Event)], cancellationToken).ConfigureAwait(false);
                }
            }

            await store.DoneAsync(pending, clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
            total += pending.Count;
        }
    }
}
