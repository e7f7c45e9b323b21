using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>How what was invoiced in advance is earned: day by day over its service period, in shares that add up to it.</summary>
/// <remarks>Days are UTC's; the first and the last count for the part of them that lies in the period. Shares are split by largest remainder, ties to the earlier day.</remarks>
public sealed record RevenueSchedule : IEntity<RevenueSchedule>
{
    /// <summary>The id, which follows from the line.</summary>
    public required RevenueScheduleId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>Who was invoiced.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>The invoice.</summary>
    public required InvoiceId Invoice { get; init; }

    /// <summary>The line that was charged in advance.</summary>
    public required InvoiceLineId Line { get; init; }

    /// <summary>What was deferred as the invoice was issued.</summary>
    public required Money Amount { get; init; }

    /// <summary>When the service is given.</summary>
    public required Interval Period { get; init; }

    /// <summary>What credit memos took back, by their ids.</summary>
    public ImmutableSortedDictionary<string, Money> Credits { get; init; } = ImmutableSortedDictionary<string, Money>.Empty;

    /// <summary>Whether the invoice was withdrawn.</summary>
    public bool IsCanceled { get; init; }

    /// <summary>What was posted as earned.</summary>
    public required Money Released { get; init; }

    /// <summary>How many days were posted.</summary>
    public int DaysReleased { get; init; }

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>What is earned in the end.</summary>
    [JsonIgnore]
    public Money Net => IsCanceled ? Money.Zero(Amount.Currency) : Credits.Values.Aggregate(Amount, (left, credit) => left - credit);

    /// <summary>When there is something to post next; null where all is posted.</summary>
    [JsonIgnore]
    public Instant? NextAt => DaysReleased == 0 && Released.IsZero ? Instant.Min(Midnight, Period.End) : Days() is var days && Sum(days, DaysReleased) != Released ? Instant.FromUnixTimeSeconds(0) : DaysReleased < days.Length ? days[DaysReleased].End : null;

    string IEntity<RevenueSchedule>.Key => Id.ToString();

    string? IEntity<RevenueSchedule>.Alias => null;

    /// <inheritdoc/>
    public RevenueSchedule WithVersion(long version) => this with { Version = version };

    /// <summary>The schedules of an invoice that is issued: one for each line that was charged in advance.</summary>
    public static ImmutableArray<RevenueSchedule> Of(Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var issued = invoice.IssuedAt ?? invoice.CreatedAt;
        return [.. invoice.Lines.Where(line => line.InAdvance).Select(line => new RevenueSchedule
        {
            Id = IdOf(invoice.Tenant, line.Id),
            Tenant = invoice.Tenant,
            Customer = invoice.Customer,
            Invoice = invoice.Id,
            Line = line.Id,
            Amount = line.NetOfTax + (line.Credit ?? Money.Zero(invoice.Currency)),
            Period = line.Period ?? new Interval(issued, issued),
            IsCanceled = invoice.Status is InvoiceStatus.Canceled,
            Released = Money.Zero(invoice.Currency),
            CreatedAt = issued,
        }).Where(schedule => !schedule.Amount.IsZero)];
    }

    /// <summary>The one id of a line's schedule.</summary>
    public static RevenueScheduleId IdOf(TenantId tenant, InvoiceLineId line) => EntityId.Derive<RevenueScheduleId>(Instant.FromUnixTimeSeconds(0), $"{tenant}/{line}");

    /// <summary>The days of the period with their shares of what is earned in the end.</summary>
    public ImmutableArray<RevenueDay> Days()
    {
        var edges = new List<Instant> { Period.Start };
        for (var midnight = Midnight; midnight < Period.End; midnight += Duration.FromDays(1))
        {
            edges.Add(midnight);
        }

        edges.Add(Period.End);
        var shares = edges.Count > 2 ? Net.Allocate([.. edges.Zip(edges.Skip(1), (start, end) => (decimal)(end - start).BclCompatibleTicks)]) : [Net];
        return [.. shares.Select((share, day) => new RevenueDay(edges[day], edges[day + 1], share))];
    }

    /// <summary>What of it is earned by an instant: the shares of the days that are over.</summary>
    public Money EarnedBy(Instant at) => Sum([.. Days().Where(day => day.End <= at)], int.MaxValue);

    /// <summary>Takes in what a credit memo took back; nothing for one that was withdrawn.</summary>
    public RevenueSchedule WithCredit(CreditMemoId memo, Money? amount) => this with { Credits = amount is { } taken ? Credits.SetItem(memo.ToString(), taken) : Credits.Remove(memo.ToString()) };

    /// <summary>Earns the days that are over, each as of its end, and first what days that were earned before come to otherwise by now.</summary>
    public (RevenueSchedule Schedule, ImmutableArray<RevenueMove> Moves) ReleaseUntil(Instant now)
    {
        var days = Days();
        var over = Math.Max(DaysReleased, days.Count(day => day.End <= now));
        RevenueMove[] moves = [new(Sum(days, DaysReleased) - Released, now), .. days[DaysReleased..over].Select(day => new RevenueMove(day.Amount, day.End))];
        return (this with { Released = Sum(days, over), DaysReleased = over }, [.. moves.Where(move => !move.Amount.IsZero)]);
    }

    // The first after its start.
    private Instant Midnight => Period.Start.InUtc().Date.PlusDays(1).AtMidnight().InUtc().ToInstant();

    private Money Sum(ImmutableArray<RevenueDay> days, int count) => days.Take(count).Aggregate(Money.Zero(Amount.Currency), (sum, day) => sum + day.Amount);
}
