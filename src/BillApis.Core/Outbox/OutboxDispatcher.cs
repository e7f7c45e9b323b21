using BillApis.Storage;
using NodaTime;

namespace BillApis.Outbox;

/// <summary>Carries out the events of the outbox: at once after the write that stored them, and again by the worker for what a crash left.</summary>
public sealed class OutboxDispatcher(IOutboxStore store, IEnumerable<OutboxHandler> handlers, IClock clock)
{
    private const int BatchSize = 2_000;
    private readonly ILookup<string, OutboxHandler> _handlers = handlers.ToLookup(handler => handler.Type);

    /// <summary>Carries out all that is pending for the tenant, or for every tenant; answers how many events that were.</summary>
    /// <exception cref="AggregateException">Some could not be carried out: they stay pending, and all others are done.</exception>
    public async Task<int> DispatchAsync(TenantId? tenant, CancellationToken cancellationToken)
    {
        if (tenant is { } owner && AnsweredWork.Current is { } request)
        {
            request.Dispatch(owner);
            return 0;
        }

        // All of it is read now. What another node carried out meanwhile would stay in memory otherwise, and be done again by the next run.
        store.TakeCommitted(tenant);
        var (done, failures) = (0, new Dictionary<long, Exception>());
        while (true)
        {
            // What failed stays at the head of the queue: reading past it lets the rest go on.
            var read = await store.PendingAsync(tenant, BatchSize + failures.Count, cancellationToken).ConfigureAwait(false);
            var pending = read.Where(item => !failures.ContainsKey(item.Position)).ToList();
            if (pending.Count == 0)
            {
                Throw(failures);
                return done;
            }

            done += await CarryOutAsync(pending, failures, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Carries out what this process stored for the tenant, which it has in memory still.</summary>
    /// <exception cref="AggregateException">As above.</exception>
    public async Task DispatchCommittedAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var failures = new Dictionary<long, Exception>();
        var committed = AnsweredWork.Current is null ? store.TakeCommitted(tenant) : null;
        for (; committed is { Count: > 0 }; committed = store.TakeCommitted(tenant))
        {
            foreach (var batch in committed.Chunk(BatchSize))
            {
                await CarryOutAsync(batch, failures, cancellationToken).ConfigureAwait(false);
            }
        }

        if (committed is not null)
        {
            Throw(failures);
            return;
        }

        // What failed is read with the rest, and told again only where it fails again.
        await DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
    }

    private async Task<int> CarryOutAsync(IReadOnlyList<OutboxEvent> events, Dictionary<long, Exception> failures, CancellationToken cancellationToken)
    {
        foreach (var group in events.GroupBy(item => (item.Tenant, item.Event.Type)))
        {
            await HandleAsync([.. group], failures, cancellationToken).ConfigureAwait(false);
        }

        var carriedOut = events.Where(item => !failures.ContainsKey(item.Position)).ToList();
        await store.DoneAsync(carriedOut, clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
        return carriedOut.Count;
    }

    private static void Throw(Dictionary<long, Exception> failures)
    {
        if (failures.Count > 0)
        {
            throw new AggregateException($"{failures.Count} events could not be carried out and stay pending.", failures.Values);
        }
    }

    // All of one tenant and type at once; where that fails, each by itself, so that one bad event holds up no other.
    private async Task HandleAsync(IReadOnlyList<OutboxEvent> events, Dictionary<long, Exception> failures, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var handler in _handlers[events[0].Event.Type])
            {
                await handler.HandleAsync(events[0].Tenant, [.. events.Select(item => item.Event)], cancellationToken).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Whatever a handler throws is told once everything else is done.
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            if (events.Count == 1)
            {
                failures[events[0].Position] = exception;
                return;
            }

            foreach (var item in events)
            {
                await HandleAsync([item], failures, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
