namespace BillApis.Scenarios;

/// <summary>Whenever and however often the end of a term is moved, each month costs what was had of it: counted by whole numbers from the first instant to the last.</summary>
public sealed class PartitionOrderTests(Databases databases) : LifeTests(databases)
{
    private static readonly LocalDate First = new(2026, 3, 1);

    /// <summary><c>BILLAPIS_PARTITION_CASES=500</c> lives so many terms; <c>BILLAPIS_PARTITION_SEED</c> repeats a run.</summary>
    [Fact]
    public async Task However_a_term_is_moved_the_parts_of_a_month_come_to_what_was_had_of_it()
    {
        var (seed, parts) = (Setting("BILLAPIS_PARTITION_SEED", 20261127), 0);
        for (var number = 0; number < Setting("BILLAPIS_PARTITION_CASES", 16); number++)
        {
            parts += await LiveAsync(new Random(seed + number), $"seed {seed + number}");
        }

        parts.ShouldBeGreaterThan(0);
    }

    // How many lines went on with an earlier one.
    private async Task<int> LiveAsync(Random random, string what)
    {
        await using var life = await StartAsync("sqlite", "2026-02-01");
        var (cents, byDay, inAdvance, zone) = (random.Next(1, 5_000), random.Next(2) == 0, random.Next(3) > 0, random.Next(2) == 0 ? Berlin : DateTimeZone.Utc);
        var (bounds, bound) = (random.Next(3), random.Next(1, 5_000));
        var price = bounds switch { 1 => Math.Max(cents, bound), 2 => Math.Min(cents, bound), _ => cents };
        var start = zone.AtStartOfDay(First).ToInstant();
        Instant Later(Instant from) => from + Duration.FromMinutes(random.Next(2) == 0 ? random.Next(1, 20_000) : 1_440 * random.Next(1, 14));
        await life.CustomerAsync(with: customer => customer with { Zone = zone });
        await life.PlanAsync("pro", Offer.Fee("fee", cents / 100m).Having(terms => terms with { Timing = inAdvance ? BillingTiming.InAdvance : BillingTiming.InArrears, Proration = byDay ? Proration.ByDay : Proration.BySecond, MinimumAmount = bounds is 1 ? bound / 100m : null, MaximumAmount = bounds is 2 ? bound / 100m : null }));
        var (end, now, shortened) = (Later(start), start, 0);
        await life.SubscribeAsync("acme", "pro", with => with with { StartAt = start, EndAt = end, Anchor = BillingAnchor.Calendar });
        var told = new List<string> { $"{cents} cents{(bounds is 0 ? "" : $", {(bounds is 1 ? "at least" : "at most")} {bound},")} {(byDay ? "by day" : "by second")} {(inAdvance ? "in advance" : "in arrears")} in {zone}, to {end}" };
        for (var left = random.Next(1, 7); left > 0; left--)
        {
            now = random.Next(4) == 0 ? end : Instant.Min(end, Later(now));
            var next = now == end || random.Next(4) > 0 ? Later(end) : Later(now);
            shortened += next < end ? 1 : 0;
            told.Add($"at {now} to {next}");
            await ChangeOnAsync(life, Day.Write(now), now == end ? new Reactivate { EndAt = next } : new Renew(next));
            end = next;
        }

        await life.GoToAsync(Day.Write(end + Duration.FromDays(40)));
        var lines = (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).ToList();
        for (var month = First; zone.AtStartOfDay(month).ToInstant() < end; month = month.PlusMonths(1))
        {
            var (from, to) = (zone.AtStartOfDay(month).ToInstant(), zone.AtStartOfDay(month.PlusMonths(1)).ToInstant());
            var had = Instant.Min(end, to);
            var (numerator, denominator) = byDay
                ? (Period.DaysBetween(month, had.InZone(zone).Date), Period.DaysBetween(month, month.PlusMonths(1)))
                : ((had - from).BclCompatibleTicks / NodaConstants.TicksPerSecond, (to - from).BclCompatibleTicks / NodaConstants.TicksPerSecond);
            var expected = ((2 * price * numerator) + denominator) / (2 * denominator);
            var billed = lines.Where(line => from <= line.Period!.Value.Start && line.Period.Value.Start < to).Sum(line => line.Amount.MinorUnits);

            // What is given back of a line is rounded by itself, and of its bound too.
            Math.Abs(billed - expected).ShouldBeLessThanOrEqualTo(bounds is 0 ? shortened : 2 * shortened, $"{what}, {month}: {string.Join(", ", told)}\n{await life.BillsAsync("acme")}");
        }

        await BilledLives.ProveAsync(life);
        return lines.Count(line => line.Before is not null);
    }
}
