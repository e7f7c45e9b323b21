using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Storage.Tests.Credits;

/// <summary>What a customer can use over time, told by hand: each grant's balances in their order, and for each rule whether somebody who looks finds that the balance fell below its threshold since the last look.</summary>
internal sealed class TopUpModel
{
    private static readonly Duration Day = Duration.FromDays(1);
    private readonly List<Held> _grants = [];
    private readonly Dictionary<CreditGrantId, List<long>> _told = [];
    private Instant _looked = Instant.MinValue;

    public IReadOnlyDictionary<CreditGrantId, List<long>> Told => _told;

    public IReadOnlyList<Held> Open(Instant now) => [.. _grants.Where(grant => !(grant.End <= now))];

    public long Balance(Instant at)
    {
        _grants.ForEach(grant => grant.Fill(at));
        return _grants.Sum(grant => grant.At(at));
    }

    /// <summary>A grant that is given; one with a rule looks at the balance.</summary>
    public void Give(CreditGrant grant, Instant now)
    {
        var held = new Held(grant.Id, now, grant.Period.EffectiveAt, grant.Amount.MinorUnits, grant.TopUp?.Threshold.MinorUnits, grant.Recurrence is not null) { End = grant.Period.ExpiresAt, Priority = grant.Priority };
        if (held.Threshold is null)
        {
            _grants.Add(held);
            return;
        }

        _told[grant.Id] = [];
        Look(now, () => _grants.Add(held));
    }

    /// <summary>An invoice takes what there is, in the order of use; answers what of which.</summary>
    public IReadOnlyList<(Held Grant, long Amount, Instant At)> Use(long amount, Instant now)
    {
        var taken = new List<(Held, long, Instant)>();
        Look(now, () =>
        {
            foreach (var grant in _grants.Where(grant => grant.At(now) > 0).OrderBy(grant => grant.Priority).ThenBy(grant => grant.End ?? Instant.MaxValue).ThenBy(grant => grant.Created).ThenBy(grant => grant.Id.ToString(), StringComparer.Ordinal))
            {
                var part = Math.Min(amount - taken.Sum(item => item.Item2), grant.At(now));
                if (part > 0)
                {
                    grant.Put(now, grant.At(now) - part);
                    taken.Add((grant, part, now));
                }
            }
        });
        return taken;
    }

    /// <summary>What an invoice took comes back, but for what has ended, and for what was filled up since and carries nothing over.</summary>
    public void Return(IReadOnlyList<(Held Grant, long Amount, Instant At)> taken, Instant now) => Look(now, () =>
    {
        foreach (var (grant, amount, at) in taken.Where(item => !(item.Grant.End <= now) && !item.Grant.IsFilledBetween(item.At, now)))
        {
            grant.Put(now, grant.At(now) + amount);
        }
    });

    public void Void(Held grant, Instant now) => Look(now, () => grant.End = now);

    public void Look(Instant now) => Look(now, () => { });

    private void Look(Instant now, Action move)
    {
        var rules = _grants.Where(grant => grant.Threshold is not null).ToList();
        var most = Turns(now).Order().Max(Balance);
        move();
        foreach (var rule in _grants.Where(grant => grant.Threshold is not null && grant.Effective <= now && !(grant.End <= now)))
        {
            var begins = !rules.Contains(rule) || (rule.Created < rule.Effective && rule.Effective > _looked);
            if (Balance(now) < rule.Threshold && (begins || most >= rule.Threshold))
            {
                _told[rule.Id].Add(Balance(now));
            }
        }

        _looked = now;
    }

    // The balance since the last look is the highest right before it falls, or now.
    private IEnumerable<Instant> Turns(Instant now) => _grants.Select(grant => grant.End).OfType<Instant>().Concat(_grants.SelectMany(grant => grant.Fillings(_looked, now)))
        .Where(turn => turn > _looked && turn <= now).SelectMany(turn => new[] { turn - Duration.Epsilon, turn }).Append(now);

    /// <summary>A grant and its balances.</summary>
    internal sealed class Held(CreditGrantId id, Instant created, Instant effective, long amount, long? threshold, bool refills)
    {
        private readonly List<(Instant At, long Balance)> _balances = [(created, amount)];
        private Instant _filled = Instant.Max(created, effective);

        public CreditGrantId Id => id;

        public Instant Created => created;

        public Instant Effective => effective;

        public long? Threshold => threshold;

        public int Priority { get; init; }

        public Instant? End { get; set; }

        public long At(Instant at) => at < created || at < effective || End <= at ? 0 : _balances.Last(balance => balance.At <= at).Balance;

        public void Put(Instant at, long balance) => _balances.Add((at, balance));

        public bool IsFilledBetween(Instant after, Instant until) => Fillings(after, until).Any();

        public IEnumerable<Instant> Fillings(Instant after, Instant until)
        {
            for (var next = effective + Day; refills && next <= until && !(End <= next); next += Day)
            {
                if (next > after && next > created)
                {
                    yield return next;
                }
            }
        }

        public void Fill(Instant until)
        {
            foreach (var filling in Fillings(_filled, until))
            {
                Put(filling, amount);
                _filled = filling;
            }
        }
    }
}
