using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Uses units up as usage happens, in the order of the grants' keys; what no grant covers waits for the next one.</summary>
/// <param name="Grants">The grants, in any order.</param>
/// <param name="Resets">When a period of the allowance begins anew.</param>
/// <param name="KeepsOverage">Whether what is not covered yet outlives a reset.</param>
public sealed record UnitBurn(ImmutableArray<UnitGrant> Grants, ImmutableArray<Instant> Resets, bool KeepsOverage = false)
{
    private readonly ImmutableArray<UnitGrant> _ordered = [.. Grants.OrderBy(grant => grant.Key)];

    /// <summary>The instants at which a grant starts, ends or is filled up, after one instant and before another.</summary>
    public IEnumerable<Instant> ChangesBetween(Instant from, Instant until) =>
        Grants.SelectMany(grant => grant.Changes(from, until)).Where(change => change < until).Distinct().Order();

    /// <summary>The balance at an instant, with all that happens at that instant but the usage of it.</summary>
    /// <param name="start">The balance at <paramref name="from"/>, with all that happened then but the usage of it; what has ended by then counts for nothing.</param>
    /// <param name="from">From when usage counts.</param>
    /// <param name="usage">What was used, in any order.</param>
    /// <param name="until">Until when usage counts.</param>
    public UnitBalance Run(UnitBalance start, Instant from, IEnumerable<UnitUsage> usage, Instant until)
    {
        ArgumentNullException.ThrowIfNull(start);
        var uses = usage.Where(use => use.At >= from && use.At < until).OrderBy(use => use.At).ToList();
        var ended = _ordered.Where(grant => grant.Period.EndsAt <= from && start.Left.ContainsKey(grant.Id));
        var (balance, next) = (start with { Left = start.Left.SetItems(ended.Select(grant => KeyValuePair.Create(grant.Id, 0m))) }, 0);
        foreach (var change in Grants.SelectMany(grant => grant.Changes(from, until)).Concat(Resets.Where(reset => reset > from && reset <= until)).Distinct().Order())
        {
            for (; next < uses.Count && uses[next].At < change; next++)
            {
                balance = Used(balance, uses[next]);
            }

            balance = Changed(balance, change);
        }

        return uses.Skip(next).Aggregate(balance, Used);
    }

    private UnitBalance Used(UnitBalance balance, UnitUsage use) =>
        Covered(balance with { Usage = Exact.Add(balance.Usage, use.Amount), Overage = Exact.Add(balance.Overage, use.Amount) }, use.At);

    // First what ends, then a reset, then what starts or is filled up, and last what waited for it.
    private UnitBalance Changed(UnitBalance balance, Instant at)
    {
        var left = balance.Left.ToBuilder();
        foreach (var grant in _ordered.Where(grant => grant.Period.EndsAt == at))
        {
            left[grant.Id] = 0;
        }

        var reset = Resets.Contains(at);
        foreach (var grant in reset ? _ordered.Where(grant => left.ContainsKey(grant.Id) && grant.Period.IsActiveAt(at)) : [])
        {
            left[grant.Id] = Math.Min(grant.RolloverMax, Math.Max(grant.RolloverMin, left[grant.Id]));
        }

        foreach (var grant in _ordered.Where(grant => grant.Period.IsActiveAt(at) && grant.Changes(at - Duration.Epsilon, at).Any()))
        {
            left[grant.Id] = grant.Amount;
        }

        return Covered(balance with { Left = left.ToImmutable(), Usage = reset ? 0 : balance.Usage, Overage = reset && !KeepsOverage ? 0 : balance.Overage }, at);
    }

    private UnitBalance Covered(UnitBalance balance, Instant at)
    {
        foreach (var grant in _ordered.Where(grant => grant.Period.IsActiveAt(at)))
        {
            var covered = Math.Min(balance.Overage, balance.Left.GetValueOrDefault(grant.Id));
            if (covered > 0)
            {
                balance = balance with
                {
                    Left = balance.Left.SetItem(grant.Id, Exact.Add(balance.Left[grant.Id], -covered)),
                    Overage = Exact.Add(balance.Overage, -covered),
                    Covered = Exact.Add(balance.Covered, covered),
                };
            }
        }

        return balance;
    }
}
