using System.Collections.Concurrent;
using BillApis.Storage;
using NodaTime;

namespace BillApis;

/// <summary>Keeps what was read of customers' entitlements, until someone changes it or it is too old.</summary>
/// <remarks>What this process changes is seen by the next call. What others change is seen at once where the database passes it on, and after a second at most elsewhere; so is what they meter.</remarks>
internal sealed class EntitlementCache
{
    private const int Size = 100_000;
    private const long UsageAge = 1_000;
    private const long ToldAge = 60_000;
    private readonly ChangeFeed _feed;
    private readonly ConcurrentDictionary<(TenantId, string), Slot> _names = [];
    private readonly ConcurrentDictionary<(TenantId, CustomerId), Slot> _slots = [];

    public EntitlementCache(ChangeFeed feed)
    {
        _feed = feed;
        feed.Changed += Forget;
    }

    /// <summary>What is known of a customer by one of its names; null where nothing is.</summary>
    public Slot? Find(TenantId tenant, string customer) => _names.GetValueOrDefault((tenant, customer));

    /// <summary>The place of a customer, to keep what is read of it.</summary>
    public Slot Open(Customer customer, string name)
    {
        if (_names.Count >= Size)
        {
            _names.Clear();
            _slots.Clear();
        }

        var slot = _slots.GetOrAdd((customer.Tenant, customer.Id), _ => new Slot(this));
        _names[(customer.Tenant, name)] = slot;
        return slot;
    }

    private void Forget(Change change)
    {
        if (change.Customer is { } customer)
        {
            if (_slots.TryGetValue((change.Tenant, customer), out var slot))
            {
                slot.Forget(change.IsUsage);
            }

            return;
        }

        foreach (var (_, slot) in _slots.Where(pair => pair.Key.Item1 == change.Tenant))
        {
            slot.Forget(change.IsUsage);
        }
    }

    /// <summary>What is kept of one customer.</summary>
    public sealed class Slot(EntitlementCache cache)
    {
        private readonly ConcurrentDictionary<string, KnownFeature> _features = new(StringComparer.Ordinal);
        private volatile Known? _known;
        private long _terms;
        private long _usage;

        /// <summary>How often it changed: what was read before a change is not kept.</summary>
        public (long Terms, long Usage) Stamp => (Interlocked.Read(ref _terms), Interlocked.Read(ref _usage));

        /// <summary>What the customer may use; null where it is not known for now.</summary>
        public CustomerEntitlements? Entitlements(Instant now) => _known is { } known && known.Terms == Interlocked.Read(ref _terms) && IsFresh(known.ReadAt, known.Entitlements.At, known.Entitlements.Until, now) ? known.Entitlements : null;

        /// <summary>Lets one caller at a time read what is not known: the others find it then.</summary>
        public SemaphoreSlim Reading { get; } = new(1);

        /// <summary>How one feature stands; null where it is not known for now.</summary>
        public KnownFeature? Feature(string feature, Instant now) => Recent(feature, now) is { } known && known.Stamp == Stamp ? known : null;

        /// <summary>The same where what this process used or set aside in the last second need not be in it.</summary>
        public KnownFeature? Recent(string feature, Instant now) =>
            _features.TryGetValue(feature, out var known) && known.Stamp.Terms == Interlocked.Read(ref _terms) && IsFresh(known.ReadAt, known.At, known.Until, now) && (known.Used is null || Environment.TickCount64 - known.ReadAt < UsageAge) ? known : null;

        public void Keep(CustomerEntitlements entitlements, long readAt, long terms) => _known = new Known(entitlements, readAt, terms);

        public void Keep(string feature, KnownFeature known) => _features[feature] = known;

        public void Forget(bool usageOnly)
        {
            Interlocked.Increment(ref usageOnly ? ref _usage : ref _terms);
            if (!usageOnly)
            {
                _features.Clear();
            }
        }

        // The age of a copy is a matter of the machine; what it says holds for a span of billing time, which may even go back in a test.
        private bool IsFresh(long readAt, Instant at, Instant until, Instant now) =>
            now >= at && now < until && Environment.TickCount64 - readAt < (cache._feed.ReachesAll ? ToldAge : UsageAge);

        private sealed record Known(CustomerEntitlements Entitlements, long ReadAt, long Terms);
    }
}

/// <summary>How a feature stood when it was read.</summary>
internal sealed record KnownFeature(CustomerId Customer, GrantedFeature Granted, decimal Metered, QuotaCount Count, bool IsBlocked, long ReadAt, Instant At, Instant Until, (long Terms, long Usage) Stamp)
{
    private readonly Instant? _resetsAt = Granted.Window is { HasEnd: true } window ? window.End : null;

    /// <summary>What was used and is set aside of a quota; null where there is none.</summary>
    public decimal? Used { get; } = Granted.Window is null ? null : Math.Max(Metered, Count.Used) + Count.Reserved;

    public EntitlementCheck Check(decimal quantity) => EntitlementCheck.Of(Granted.Terms, Used, _resetsAt, quantity, IsBlocked);
}
