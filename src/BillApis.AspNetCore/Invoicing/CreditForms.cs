using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

internal sealed record CreditGrantRequest
{
    public required string CustomerId { get; init; }
    public required decimal Amount { get; init; }
    public required Currency Currency { get; init; }
    public CreditCategory Category { get; init; }
    public int Priority { get; init; } = CreditGrant.DefaultPriority;
    public Instant? EffectiveAt { get; init; }
    public Instant? ExpiresAt { get; init; }
    public ImmutableArray<string>? AppliesTo { get; init; }
    public RecurrenceRequest? Recurrence { get; init; }
    public TopUpRequest? TopUp { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record RecurrenceRequest
{
    public required IntervalUnit Interval { get; init; }
    public int IntervalCount { get; init; } = 1;
    public decimal Rollover { get; init; }

    public GrantRecurrence ToRecurrence(Currency currency)
    {
        Check.Range("recurrence.interval_count", IntervalCount, 1, CreditGrant.MaxRecurrenceCount);
        return new GrantRecurrence(new BillingInterval(Interval, IntervalCount), MoneyCheck.Exactly("recurrence.rollover", Rollover, currency));
    }
}

internal sealed record TopUpRequest
{
    public required decimal Threshold { get; init; }
    public decimal? Amount { get; init; }
    public decimal? Target { get; init; }
    public decimal? Minimum { get; init; }

    public AutoTopUp ToTopUp(Currency currency)
    {
        Money? Of(string field, decimal? amount) => amount is { } given ? MoneyCheck.Exactly($"top_up.{field}", given, currency) : null;
        return new AutoTopUp(Of("threshold", Threshold)!.Value, Of("amount", Amount), Of("target", Target), Of("minimum", Minimum));
    }
}

internal sealed record CreditGrantQuery : Paging
{
    public string? CustomerId { get; init; }
    public CreditCategory? Category { get; init; }
    public Currency? Currency { get; init; }
}

internal sealed record CustomerOfCredits
{
    public required string CustomerId { get; init; }
}

internal sealed record BalanceHistoryQuery
{
    public required string CustomerId { get; init; }
    public required Instant From { get; init; }
    public Instant? To { get; init; }
    public UsageWindow Window { get; init; } = UsageWindow.Day;
    public DateTimeZone? Timezone { get; init; }
}

internal sealed record BalanceHistoryResponse(Currency Currency, ImmutableArray<BalanceWindow> Windows);

internal sealed record BalanceWindow(Instant Start, Instant End, decimal OpeningBalance, decimal ClosingBalance, decimal ClosingPaid, decimal ClosingPromotional)
{
    public static BalanceWindow From(BalancePoint opening, BalancePoint closing) =>
        new(opening.At, closing.At, opening.Total.Amount, closing.Total.Amount, closing.Paid.Amount, closing.Promotional.Amount);
}

internal sealed record CreditEntryQuery : Paging
{
    public required string CustomerId { get; init; }
    public string? GrantId { get; init; }
}

internal sealed record RecurrenceResponse(IntervalUnit Interval, int IntervalCount, decimal Rollover);

internal sealed record TopUpResponse(decimal Threshold, decimal? Amount, decimal? Target, decimal? Minimum);

internal sealed record CreditGrantResponse(
    CreditGrantId Id, CustomerId CustomerId, CreditCategory Category, decimal Amount, decimal Balance, Currency Currency, int Priority, Instant EffectiveAt, Instant? ExpiresAt,
    Instant? VoidedAt, InvoiceId? InvoiceId, CreditMemoId? CreditMemoId, ImmutableArray<string> AppliesTo, RecurrenceResponse? Recurrence, TopUpResponse? TopUp, ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt)
{
    public static CreditGrantResponse From(CreditGrant grant) => new(
        grant.Id, grant.Customer, grant.Category, grant.Amount.Amount, grant.Balance.Amount, grant.Amount.Currency, grant.Priority, grant.Period.EffectiveAt, grant.Period.ExpiresAt,
        grant.Period.VoidedAt, grant.Invoice, grant.Memo, [.. grant.Scope.Metrics.Select(id => id.ToString()), .. grant.Scope.Products.Select(id => id.ToString())],
        grant.Recurrence is { } recurrence ? new RecurrenceResponse(recurrence.Interval.Unit, recurrence.Interval.Count, recurrence.Rollover.Amount) : null,
        grant.TopUp is { } top ? new TopUpResponse(top.Threshold.Amount, top.Amount?.Amount, top.Target?.Amount, top.Minimum?.Amount) : null, grant.Metadata, grant.CreatedAt);
}

internal sealed record CreditBalanceResponse(CustomerId CustomerId, Currency Currency, decimal Balance, decimal Paid, decimal Promotional, Instant AsOf)
{
    public static CreditBalanceResponse From(CreditBalance balance) =>
        new(balance.Customer, balance.Total.Currency, balance.Total.Amount, balance.Paid.Amount, balance.Promotional.Amount, balance.AsOf);
}

internal sealed record CreditEntryResponse(CreditEntryId Id, CreditGrantId GrantId, CreditEntryKind Kind, decimal Amount, decimal Balance, Currency Currency, InvoiceId? InvoiceId, Instant At)
{
    public static CreditEntryResponse From(CreditEntry entry) =>
        new(entry.Id, entry.Grant, entry.Kind, entry.Amount.Amount, entry.Balance.Amount, entry.Amount.Currency, entry.Invoice, entry.At);
}
