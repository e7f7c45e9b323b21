using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>What one caller wants stored, all or nothing.</summary>
internal sealed class UsageDelivery(TenantId tenant, IReadOnlyList<StampedEvent> events)
{
    private const int WorthTwoCores = 128;
    private readonly UsageEntry[] _entries = Prepare(events);

    public TenantId Tenant { get; } = tenant;

    public IReadOnlyList<UsageEntry> Entries => _entries;

    /// <summary>What became of each event.</summary>
    public IReadOnlyList<AppendResult> Results { get; private set; } = [];

    /// <summary>The events of deliveries that are written together.</summary>
    public static IReadOnlyList<UsageEntry> AllOf(IReadOnlyList<UsageDelivery> deliveries) => deliveries.Count == 1 ? deliveries[0].Entries : [.. deliveries.SelectMany(delivery => delivery.Entries)];

    /// <summary>Tells each delivery what became of its events.</summary>
    public static void Answer(IReadOnlyList<UsageDelivery> deliveries, UsageBatch batch)
    {
        foreach (var delivery in deliveries)
        {
            delivery.Results = Array.ConvertAll(delivery._entries, batch.Result);
        }
    }

    private static UsageEntry[] Prepare(IReadOnlyList<StampedEvent> events)
    {
        var entries = new UsageEntry[events.Count];
        if (entries.Length < WorthTwoCores)
        {
            for (var i = 0; i < entries.Length; i++)
            {
                entries[i] = new UsageEntry(events[i]);
            }
        }
        else
        {
            Parallel.For(0, entries.Length, i => entries[i] = new UsageEntry(events[i]));
        }

        return entries;
    }
}
