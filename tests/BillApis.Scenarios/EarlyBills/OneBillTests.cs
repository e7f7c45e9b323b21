namespace BillApis.Scenarios.EarlyBills;

/// <summary>What is billed before its period ends, and the rest of it, come to what one bill would have been: of two customers who do the same, the one with a threshold pays what the other does.</summary>
public sealed class OneBillTests(Databases databases) : LifeTests(databases)
{
    private const int PairsOfLife = 6;

    /// <summary><c>BILLAPIS_EARLY_CASES=10000</c> compares so many pairs; <c>BILLAPIS_EARLY_SEED</c> repeats a run.</summary>
    [Fact]
    public async Task Early_bills_and_the_rest_are_one_bill()
    {
        var cases = Setting("BILLAPIS_EARLY_CASES", 24);
        var seed = Setting("BILLAPIS_EARLY_SEED", 20261127);
        var count = new Counts();
        for (var number = 0; count.Pairs < cases; number++)
        {
            await using var life = await StartAsync("sqlite", "2026-01-01");
            var amounts = (Amounts)(number % 3);
            var lived = new RandomEarly(new Random(seed + number), life, amounts);
            await lived.LiveAsync(PairsOfLife);
            foreach (var (pair, told) in lived.Pairs.Zip(lived.Told))
            {
                await CompareAsync(life, pair, amounts, count, $"seed {seed}, life {number} ({amounts}), {told}");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {count}.");
        count.Early.ShouldBeGreaterThan(cases);
        count.Several.ShouldBeGreaterThan(cases);
        count.Discounted.ShouldBeGreaterThan(cases / 5);
        count.Taxed.ShouldBeGreaterThan(cases / 4);
    }

    private static async Task CompareAsync(Scenario life, (string Early, string Late) pair, Amounts amounts, Counts count, string place)
    {
        var (early, late) = (await life.InvoicesAsync(pair.Early), await life.InvoicesAsync(pair.Late));
        var (memosOfEarly, memosOfLate) = (await MemosAsync(life, pair.Early), await MemosAsync(life, pair.Late));
        var (one, other) = (Sums(early, memosOfEarly), Sums(late, memosOfLate));

        // Each bill rounds its discounts and taxes once; where those of whole amounts need no rounding, nothing at all may differ.
        var most = amounts is Amounts.Cents ? early.Count + late.Count + memosOfEarly.Count + memosOfLate.Count : 0;
        // What is given back of a fee is what its share of a coupon left of it, which is rounded over its bill.
        var given = amounts is Amounts.Cents ? early.Concat(late).SelectMany(invoice => invoice.Lines).Count(line => line.Kind is LineKind.UnusedTime) : 0;
        var isNegative = early.Concat(late).Any(invoice => invoice.Total.MinorUnits < 0);
        var isApart = memosOfEarly.Count + memosOfLate.Count == 0;
        foreach (var key in one.Keys.Union(other.Keys).Where(key => (amounts is not Amounts.Taken || !isNegative || key == "net") && (isApart || !key.StartsWith('('))))
        {
            var (left, right) = (one.GetValueOrDefault(key), other.GetValueOrDefault(key));
            if (Math.Abs(left - right) > (key is "net" ? given : most))
            {
                Assert.Fail($"{place}\n{key}: {left} with early bills, {right} without\n{await life.BillsAsync(pair.Early)}\n----\n{await life.BillsAsync(pair.Late)}");
            }
        }

        count.Add(early, one);
    }

    private static async Task<IReadOnlyList<CreditMemo>> MemosAsync(Scenario life, string customer)
    {
        var id = (await life.Billing.Customers.GetAsync(life.Tenant, customer, TestContext.Current.CancellationToken)).Id.ToString();
        return (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery { Limit = Limits.PageSize }.With("customer_id", id), TestContext.Current.CancellationToken)).Items;
    }

    // By what they are called, in cents; each tax with what it is on, as far as invoices say it: a credit memo has one sum of its taxes. What a subscription that is over was billed too much comes back by those.
    private static Dictionary<string, long> Sums(IReadOnlyList<Invoice> invoices, IReadOnlyList<CreditMemo> memos)
    {
        var taken = memos.SelectMany(memo => memo.Lines).ToList();
        var sums = new Dictionary<string, long>
        {
            ["net"] = invoices.Sum(invoice => invoice.Subtotal.MinorUnits) + taken.Sum(line => line.Adjustment!.Amount.MinorUnits),
            ["discount"] = invoices.Sum(invoice => invoice.DiscountTotal.MinorUnits) + taken.Sum(line => line.Adjustment!.Amount.MinorUnits + line.Net.MinorUnits),
            ["credit"] = invoices.Sum(invoice => invoice.CreditTotal.MinorUnits),
            ["tax"] = invoices.Sum(invoice => invoice.TaxTotal.MinorUnits) - taken.Sum(line => line.Tax.MinorUnits),
            ["total"] = invoices.Sum(invoice => invoice.Total.MinorUnits) - memos.Sum(memo => memo.Total.MinorUnits),
        };
        foreach (var tax in invoices.SelectMany(invoice => invoice.TaxLines).GroupBy(line => (line.Tax.Name, line.Tax.Percentage)))
        {
            sums[$"{tax.Key} on"] = tax.Sum(line => line.Base.MinorUnits);
            sums[$"{tax.Key}"] = tax.Sum(line => line.Amount.MinorUnits);
        }

        return sums;
    }

    private sealed record Counts
    {
        public int Pairs { get; private set; }

        /// <summary>How many bills were early.</summary>
        public int Early { get; private set; }

        /// <summary>How many charges were on several early bills.</summary>
        public int Several { get; private set; }

        public int Discounted { get; private set; }

        public int Taxed { get; private set; }

        public int Negative { get; private set; }

        public void Add(IReadOnlyList<Invoice> early, Dictionary<string, long> sums)
        {
            var bills = early.Where(invoice => invoice.Kind is InvoiceKind.Progressive).ToList();
            (Pairs, Early) = (Pairs + 1, Early + bills.Count);
            Several += bills.SelectMany(invoice => invoice.Lines).GroupBy(line => (line.Price, line.Period!.Value.Start)).Count(charge => charge.Count() > 1);
            (Discounted, Taxed) = (Discounted + (sums["discount"] != 0 ? 1 : 0), Taxed + (early.Any(invoice => !invoice.TaxTotal.IsZero) ? 1 : 0));
            Negative += early.Any(invoice => invoice.Total.MinorUnits < 0) ? 1 : 0;
        }
    }
}
