using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>A minimum commitment, of a plan or by contract.</summary>
internal sealed record CommitmentForm
{
    public required decimal Amount { get; init; }
    public IntervalUnit Interval { get; init; } = IntervalUnit.Month;
    public int IntervalCount { get; init; } = 1;
    public Proration Proration { get; init; } = Proration.BySecond;

    public static CommitmentForm? From(MinimumCommitment? commitment) => commitment is null ? null : new()
    {
        Amount = commitment.Amount.Amount, Interval = commitment.Interval.Unit, IntervalCount = commitment.Interval.Count, Proration = commitment.Proration,
    };

    /// <exception cref="BillingException">A field breaks a rule.</exception>
    public MinimumCommitment ToCommitment(Currency currency)
    {
        Check.Range("minimum_commitment.interval_count", IntervalCount, 1, BillingInterval.LongestCount(Interval));
        return new MinimumCommitment(MoneyCheck.Exactly("minimum_commitment.amount", Amount, currency), new BillingInterval(Interval, IntervalCount), Proration);
    }
}
