namespace BillApis.Scenarios.Commitments;

/// <summary>Over random plans, changes and usage, each interval of a commitment comes to what was agreed: what its invoices charge as missing, and what they charge in all, is what an oracle of its own works out from the facts.</summary>
public sealed class CommitmentOracleTests(Databases databases) : LifeTests(databases)
{
    private const int Subscriptions = 12;

    /// <summary><c>BILLAPIS_COMMITMENT_CASES=10000</c> compares so many subscriptions; <c>BILLAPIS_COMMITMENT_SEED</c> repeats a run.</summary>
    [Fact]
    public async Task Each_interval_of_a_commitment_comes_to_what_was_agreed()
    {
        var cases = Setting("BILLAPIS_COMMITMENT_CASES", 60);
        var seed = Setting("BILLAPIS_COMMITMENT_SEED", 20261126);
        var count = new Counts();
        for (var number = 0; count.Subscriptions < cases; number++)
        {
            await using var life = await StartAsync("sqlite", "2026-01-01");
            var lived = new RandomCommitments(new Random(seed + number), life);
            await lived.LiveAsync(Subscriptions);
            count.Late += lived.Late;
            foreach (var facts in lived.Facts)
            {
                await CompareAsync(life, facts, lived.Discounted.Contains(facts.Customer), count, $"seed {seed}, life {number}, {facts.Customer}");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {count}.");
        count.Intervals.ShouldBeGreaterThan(cases);
        count.Missing.ShouldBeGreaterThan(cases / 3);
        count.Met.ShouldBeGreaterThan(cases / 3);
        count.Parts.ShouldBeGreaterThan(cases / 3);
        count.Late.ShouldBeGreaterThan(cases / 3);
    }

    private static async Task CompareAsync(Scenario life, Facts facts, bool isDiscounted, Counts count, string place)
    {
        var (oracle, lines) = (new CommitmentOracle(facts), (await life.InvoicesAsync(facts.Customer)).SelectMany(invoice => invoice.Lines).ToList());
        var missing = lines.Where(line => line.Kind is LineKind.Commitment).GroupBy(line => line.Period!.Value).Select(group => (group.Key.Start.ToDateTimeUtc(), group.Key.End.ToDateTimeUtc(), group.Sum(line => line.Amount.MinorUnits)))
            .Where(item => item.Item3 != 0).Order().ToList();

        // A coupon takes its part of what is given back too, so that then only what is charged is compared, and was not taken back at the same instant.
        var undone = lines.Where(line => line.GivesBack is not null && line.Period == line.Full).Select(line => line.GivesBack).ToHashSet();
        var charged = lines.Where(line => !isDiscounted || (line.Kind is not LineKind.UnusedTime && !undone.Contains(line.Id))).Sum(line => line.Amount.MinorUnits) - await TakenAsync(life, facts.Customer);
        var owed = isDiscounted ? oracle.Charged + oracle.Intervals.Sum(item => item.Missing) : oracle.Total;
        var agreed = oracle.Intervals.Where(item => item.Missing != 0).Select(item => (item.From, item.To, item.Missing)).Order().ToList();
        if (charged != owed || !missing.SequenceEqual(agreed))
        {
            Assert.Fail($"{place}: {charged} was charged, {owed} is owed\nmissing by the bills: {string.Join(", ", missing)}\nby the facts: {string.Join(", ", agreed)}\n{Told(facts, oracle)}\n{await life.BillsAsync(facts.Customer)}");
        }

        count.Add(oracle);
    }

    private static async Task<long> TakenAsync(Scenario life, string customer)
    {
        var id = (await life.Billing.Customers.GetAsync(life.Tenant, customer, TestContext.Current.CancellationToken)).Id.ToString();
        var memos = await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery { Limit = Limits.PageSize }.With("customer_id", id), TestContext.Current.CancellationToken);
        return memos.Items.SelectMany(memo => memo.Lines).Sum(line => line.Adjustment is { } adjustment ? -adjustment.Amount.MinorUnits : line.Net.MinorUnits);
    }

    private static string Told(Facts facts, CommitmentOracle oracle) => string.Join('\n', [
        $"{facts.Start:s} {(facts.IsCalendar ? "calendar" : "own")} {facts.Plan.Code}, own {facts.Commitment}",
        .. facts.Happened.Select(item => $"  {item.At:s} (known {item.Known:s}) {item.Turn} {item.Plan?.Code}{item.Price} {item.Quantity}"),
        .. facts.Happened.Select(item => item.Plan).OfType<SoldPlan>().Append(facts.Plan).Distinct().SelectMany(plan => plan.Prices.Select(price => $"  {plan.Code}: {price}").Append($"  {plan.Code}: {plan.Commitment}")),
        .. facts.Used.OrderBy(used => used.Value.At).Select(used => $"  {used.Key} {used.Value}"),
        .. oracle.Told.Select(line => $"  {line}"),
        .. oracle.Intervals.Select(interval => $"  {interval}")]);

    private sealed record Counts
    {
        public int Subscriptions { get; private set; }

        public int Intervals { get; private set; }

        public int Parts { get; private set; }

        public int Missing { get; private set; }

        public int Met { get; private set; }

        public int Late { get; set; }

        public void Add(CommitmentOracle oracle)
        {
            (Subscriptions, Intervals, Parts) = (Subscriptions + 1, Intervals + oracle.Intervals.Count, Parts + oracle.Intervals.Count(item => item.IsPart));
            (Missing, Met) = (Missing + oracle.Intervals.Count(item => item.Missing > 0), Met + oracle.Intervals.Count(item => item is { Missing: 0, Drawn: > 0 }));
        }
    }
}
