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
        _orphans.Clear();
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
}
