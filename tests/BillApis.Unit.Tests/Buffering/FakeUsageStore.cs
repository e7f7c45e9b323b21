using System.Collections.Concurrent;
using BillApis.Metering;

namespace BillApis.Unit.Tests.Buffering;

/// <summary>A database that keeps each id once, and fails, waits and refuses as it is told.</summary>
internal sealed class FakeUsageStore
{
    private readonly ConcurrentDictionary<(TenantId, string), UsageEvent> _events = [];
    private int _calls;

    public ICollection<(TenantId Tenant, string Id)> Stored => _events.Keys;

    public ConcurrentQueue<int> BatchSizes { get; } = [];

    /// <summary>Called before a batch is stored, with the number of the call from 1.</summary>
    public Func<int, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Called after a batch was stored and before that is answered.</summary>
    public Action<int> After { get; set; } = _ => { };

    /// <summary>Events that make the whole batch fail, each time.</summary>
    public Func<UsageEvent, bool> Breaks { get; set; } = _ => false;

    public Func<UsageEvent, bool> Refuses { get; set; } = _ => false;

    public async Task<UsageReceipt> RecordAsync(TenantId tenant, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var call = Interlocked.Increment(ref _calls);
        await Before(call, cancellationToken);
        if (events.Any(Breaks))
        {
            throw new OverflowException("too many digits");
        }

        BatchSizes.Enqueue(events.Count);
        var refused = events.Index().Where(item => Refuses(item.Item)).Select(item => new RejectedEvent(item.Index, item.Item.Id, BillingErrorCode.Invalid, "refused", "id")).ToList();
        var accepted = events.Where(item => !Refuses(item)).Count(item => _events.TryAdd((tenant, item.Id), item));
        After(call);
        return new UsageReceipt { Accepted = accepted, Duplicates = events.Count - refused.Count - accepted, Rejected = [.. refused], Orphans = [] };
    }
}
