using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What a store must hold after any sequence of operations, kept as plain events: what was sent, what counts in its place, and what is nobody's yet.</summary>
internal sealed class UsageModel(UsageWorld world, IUsageStore store)
{
    private readonly Dictionary<(string Source, string Id), UsageEvent> _sent = [];
    private readonly Dictionary<(string Source, string Id), UsageEvent?> _net = [];
    private readonly HashSet<(string Source, string Id)> _orphans = [];
    private readonly HashSet<(string Source, string Id)> _recovered = [];
    private readonly Dictionary<UsageBackfillId, List<((string Source, string Id) Key, UsageEvent? Net, bool WasOrphan)>> _replaced = [];

    /// <summary>The events that count.</summary>
    public IReadOnlyCollection<UsageEvent> Counted => [.. _net.Where(pair => !_orphans.Contains(pair.Key)).Select(pair => pair.Value).OfType<UsageEvent>()];

    public async Task AppendAsync(IReadOnlyList<UsageEvent> batch, CancellationToken cancellationToken)
    {
        var expected = batch.Select(item => _sent.TryAdd(Key(item), item) ? AppendOutcome.Accepted : _sent[Key(item)] == item ? AppendOutcome.Duplicate : AppendOutcome.Conflict).ToList();
        foreach (var item in batch.Where(item => _net.TryAdd(Key(item), _sent[Key(item)]) && _sent[Key(item)].Customer == "initech"))
        {
            _orphans.Add(Key(item));
        }

        var results = await store.AppendAsync(world.Tenant, [.. batch.Select(Stamp)], cancellationToken);
        Assert.Equal(expected, results.Select(result => result.Outcome));
    }

    /// <summary>Takes back any event, which may be voided or nobody's.</summary>
    public Task VoidAsync(Random random, CancellationToken cancellationToken) => CorrectAsync(random, _ => null, cancellationToken);

    /// <summary>Amends any event that is not voided.</summary>
    public Task AmendAsync(Random random, Func<UsageEvent, UsageEvent> change, CancellationToken cancellationToken) => CorrectAsync(random, change, cancellationToken);

    /// <summary>Counts what was nobody's, as somebody's; what was corrected meanwhile must not count twice.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        var strangers = _sent.Values.Where(item => item.Customer == "initech").ToList();
        var recovered = await store.RecoverAsync(world.Tenant, [.. strangers.Select(item => Stamp(item with { Customer = "globex" }) with { Event = item })], cancellationToken);
        Assert.Equal(_orphans.Count, recovered);
        _recovered.UnionWith(_orphans);
        _orphans.Clear();
    }

    /// <summary>What must become of an event that a backfill is to hold.</summary>
    public AppendOutcome Held(UsageBackfill backfill, UsageEvent item) =>
        !_sent.TryGetValue(Key(item), out var sent) ? AppendOutcome.Accepted
        : CountsAs(item) && backfill.ReplaceExisting && IsIn(backfill, Key(item)) ? AppendOutcome.Accepted
        : CountsAs(item) && backfill.ReplaceExisting ? AppendOutcome.Duplicate
        : backfill.ReplaceExisting && !_orphans.Contains(Key(item)) && IsIn(backfill, Key(item)) ? AppendOutcome.Accepted
        : sent != item ? AppendOutcome.Conflict
        : backfill.ReplaceExisting && IsIn(backfill, Key(item)) ? AppendOutcome.Accepted
        : AppendOutcome.Duplicate;

    /// <summary>Lets a backfill count.</summary>
    public BackfillEffect Apply(UsageBackfill backfill, IReadOnlyList<UsageEvent> held)
    {
        var (undo, keys) = (_replaced[backfill.Id] = [], held.Select(Key).ToHashSet());
        var (added, amended, superseded) = (0, 0, 0);
        foreach (var key in backfill.ReplaceExisting ? _net.Keys.Where(key => _net[key] is not null && !keys.Contains(key) && IsIn(backfill, key)).ToList() : [])
        {
            superseded += _orphans.Contains(key) ? 0 : 1;
            Replace(key, null);
        }

        foreach (var item in held)
        {
            if (_sent.TryAdd(Key(item), item))
            {
                added++;
                Replace(Key(item), item);
            }
            else if (backfill.ReplaceExisting && !CountsAs(item) && !_orphans.Contains(Key(item)) && IsIn(backfill, Key(item)))
            {
                amended++;
                Replace(Key(item), item);
            }
        }

        return new BackfillEffect(added, amended, superseded, held.Count - added - amended);

        void Replace((string, string) key, UsageEvent? net)
        {
            undo.Add((key, _net.GetValueOrDefault(key), _orphans.Remove(key)));
            _net[key] = net;
        }
    }

    /// <summary>Takes back what a backfill did, whatever was said of those events since.</summary>
    public void Revert(UsageBackfill backfill)
    {
        foreach (var (key, net, wasOrphan) in _replaced[backfill.Id])
        {
            _net[key] = net;
            _ = wasOrphan && _orphans.Add(key);
        }
    }

    private async Task CorrectAsync(Random random, Func<UsageEvent, UsageEvent?> change, CancellationToken cancellationToken)
    {
        var keys = _net.Where(pair => pair.Value is not null).Select(pair => pair.Key).Order().ToArray();
        if (keys.Length == 0)
        {
            return;
        }

        var key = keys[random.Next(keys.Length)];
        var found = await store.FindEventAsync(world.Tenant, key.Source, key.Id, cancellationToken);
        Assert.Equal((_sent[key], _net[key]), (found!.Event, found.Net));
        var content = change(_net[key]!);
        var correction = new StampedCorrection
        {
            Id = EntityId.New<UsageCorrectionId>(), Source = key.Source, Event = key.Id, After = found.Corrections.Length, RecordedAt = UsageWorld.Now, Reason = "test", Metrics = world.Metrics,
            Content = content is null ? null : Stamp(content),
        };
        Assert.False(await store.CorrectAsync(world.Tenant, correction with { After = correction.After + 1 }, cancellationToken));
        Assert.True(await store.CorrectAsync(world.Tenant, correction, cancellationToken));
        Assert.False(await store.CorrectAsync(world.Tenant, correction, cancellationToken));
        _net[key] = content;
        _orphans.Remove(key);
    }

    private StampedEvent Stamp(UsageEvent item) => world.Stamp(item) with { CountsLate = true };

    private static (string, string) Key(UsageEvent item) => (item.Source, item.Id);

    private bool CountsAs(UsageEvent item) => _net[Key(item)] == item && !(_orphans.Contains(Key(item)) && item.Customer == "initech");

    // Where it counts; where nothing counts, where it was sent. An orphan is nobody's.
    private bool IsIn(UsageBackfill backfill, (string, string) key)
    {
        var item = _net[key] ?? _sent[key];
        return backfill.Period.Contains(item.Timestamp!.Value) && (backfill.EventType is null || backfill.EventType == item.Type)
            && (backfill.Customer is not { } customer || (CustomerOf(key, item) is { } own && own == customer));
    }

    private CustomerId? CustomerOf((string, string) key, UsageEvent item) => item.Customer == "initech" && !_recovered.Contains(key) ? null : world.CustomerOf(item);
}
