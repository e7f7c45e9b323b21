using System.Collections.Immutable;
using System.Globalization;

namespace BillApis.Scenarios;

/// <summary>What random lives are charged of each tax under coupons, whichever bill has it: what was used, at the price of its time, less the parts that the coupons take. Nothing of the engine is asked for that.</summary>
public sealed class CouponOracleTests(Databases databases) : LifeTests(databases)
{
    private const int CustomersOfLife = 6;
    private const decimal Million = 1_000_000;
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant First = Instant.FromUtc(2026, 1, 1, 0, 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary><c>BILLAPIS_COUPON_CASES=1000</c> lives so many customers; <c>BILLAPIS_COUPON_SEED</c> repeats a run.</summary>
    [Fact]
    public async Task Each_tax_is_on_what_was_used_less_the_parts_that_coupons_take()
    {
        var (cases, seed, lived) = (Setting("BILLAPIS_COUPON_CASES", 12), Setting("BILLAPIS_COUPON_SEED", 20261128), 0);
        for (var number = 0; lived < cases; number++, lived += CustomersOfLife)
        {
            await using var life = await StartAsync("sqlite", "2026-01-01");
            var random = new Random(seed + number);
            var (hasAmounts, customers) = (number % 2 == 1, await BeginAsync(life, random, number % 2 == 1));
            foreach (var stop in Enumerable.Range(0, 10).Select(_ => First + Duration.FromMinutes(random.Next(1, 110 * 24 * 60))).Order().ToList())
            {
                await GoToAsync(life, stop);
                foreach (var customer in customers)
                {
                    await SomethingAsync(life, random, customer, hasAmounts);
                }

                await life.RunAsync();
            }

            await GoToAsync(life, First + Duration.FromDays(150));
            await life.RunAsync();
            foreach (var customer in customers)
            {
                var (told, expected) = ($"seed {seed}, life {number}, {customer.Told}", customer.Expected(life.Clock.Now));
                var charged = await ChargedAsync(life, customer.Name);

                // An amount is spread over the lines to the cent, by each document that changes them.
                var (cents, bills) = (hasAmounts || customer.Prices[4] > 0 ? 0.1m : 0, $"{told}\n{await life.BillsAsync(customer.Name)}");
                if (customer is { Off: > 0, HasFee: true })
                {
                    // Who has the amount of a month depends on what was known when: never more than all of it, and what its first bill has of it at the least, unless another had it for usage that was none.
                    var (taken, most) = customer.Taken();
                    var whole = (customer with { Off = 0 }).Expected(life.Clock.Now).Values.Sum();
                    charged.Values.Sum().ShouldBeInRange(whole - most - 0.1m, whole - (customer.HasVoid ? 0 : taken) + 0.1m, bills);
                }
                else if (customer is { Off: > 0, IsEarly: true })
                {
                    // What comes late has what the bills of its month left of it, each by itself: never more than all of it, and nothing twice.
                    charged.Values.Sum().ShouldBeInRange(expected.Values.Sum() - cents, (customer with { Off = 0 }).Expected(life.Clock.Now).Values.Sum() + cents, bills);
                }
                else
                {
                    charged.Keys.ShouldAllBe(rate => Math.Abs(charged[rate] - expected[rate]) <= cents, bills);
                }

                foreach (var invoice in random.Next(3) == 0 ? await life.InvoicesAsync(customer.Name) : [])
                {
                    await BilledLives.VerifyAsync(life, invoice, told);
                }
            }

            await BilledLives.CheckAsync(life, $"seed {seed}, life {number}");
        }
    }

    // What each rate is on, over all documents.
    private static async Task<SortedDictionary<decimal, decimal>> ChargedAsync(Scenario life, string customer)
    {
        var (bases, invoices) = (new SortedDictionary<decimal, decimal> { [7] = 0, [19] = 0 }, await life.InvoicesAsync(customer));
        var lines = invoices.Where(invoice => invoice.Status is not InvoiceStatus.Canceled).SelectMany(invoice => invoice.Lines).ToDictionary(line => line.Id);
        var id = (await life.Billing.Customers.GetAsync(life.Tenant, customer, Token)).Id.ToString();
        var memos = (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery { Limit = Limits.PageSize }.With("customer_id", id), Token)).Items;
        foreach (var (line, net) in lines.Values.Select(line => (line, line.NetOfTax)).Concat(memos.SelectMany(memo => memo.Lines).Select(line => (lines[line.Line], -line.Net))))
        {
            bases[line.Taxes.Single().Tax.Percentage] += net.Amount;
        }

        return bases;
    }

    private static async Task<List<Lived>> BeginAsync(Scenario life, Random random, bool hasAmounts)
    {
        await TaxesOfTwoRatesAsync(life);
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = (LateUsagePolicy)random.Next(3), ZeroInvoices = hasAmounts || random.Next(2) == 0 ? ZeroInvoices.Issue : ZeroInvoices.Skip }, Token);
        decimal[] prices = [.. Enumerable.Range(0, 4).Select(_ => Million * random.Next(1, 9)), .. random.Next(2) == 0 ? new[] { Million * random.Next(1, 99), Million * random.Next(1, 99) } : [0, 0]];
        for (var plan = 0; plan < 2; plan++)
        {
            await life.PlanAsync($"plan-{plan}", [
                Offer.Usage($"calls-{plan}", "call", new PerUnitPrice(prices[plan])) with { Product = "calling" },
                Offer.Usage($"books-{plan}", "book", new PerUnitPrice(prices[2 + plan])).Having(terms => terms with { TaxCategory = "books" }) with { Product = "reading" },
                .. prices[4 + plan] == 0 ? Array.Empty<Offer>() : [Offer.Fee($"fee-{plan}", prices[4 + plan])]]);
        }

        var (all, books) = (10m * random.Next(1, 7), 10m * random.Next(1, 7));
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "ALL", Terms = new CouponTerms { PercentOff = all, Duration = CouponDuration.Forever } }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "BOOKS", Terms = new CouponTerms { PercentOff = books, Duration = CouponDuration.Forever, Products = [(await life.Billing.Products.GetAsync(life.Tenant, "reading", Token)).Id] } }, Token);
        var (off, hasFee) = (Million * random.Next(1, 600), prices[4] > 0);
        ImmutableArray<ProductId> used = hasFee ? [(await life.Billing.Products.GetAsync(life.Tenant, "calling", Token)).Id, (await life.Billing.Products.GetAsync(life.Tenant, "reading", Token)).Id] : [];
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "OFF", Terms = new CouponTerms { AmountOff = Money.Of(off, Usd), Duration = CouponDuration.Forever, Products = used } }, Token);
        var customers = new List<Lived>();
        for (var i = 0; i < CustomersOfLife; i++)
        {
            var (start, threshold) = (First + Duration.FromMinutes(random.Next(0, 20 * 24 * 60)), !(hasAmounts && hasFee) && random.Next(2) == 0 ? Money.Of(Million * random.Next(1, 600), Usd) : (Money?)null);
            string[] coupons = [.. new[] { hasAmounts ? "OFF" : "ALL", "BOOKS" }.Where(code => random.Next(4) > 0 && !(hasAmounts && hasFee && code == "BOOKS"))];
            var lived = new Lived($"customer-{i}", start, prices, coupons.Contains("ALL") ? all : 0, coupons.Contains("BOOKS") ? books : 0, coupons.Contains("OFF") ? off : 0) { IsEarly = threshold is not null, Told = $"{start}, threshold {threshold}, coupons {string.Join(", ", coupons)}" };
            await life.CustomerAsync(lived.Name, with: customer => customer with { Country = "DE" });
            lived.Subscription = (await life.SubscribeAsync(lived.Name, "plan-0", with => with with { StartAt = start, Coupons = [.. coupons], UsageThreshold = threshold })).Id.ToString();
            customers.Add(lived);
        }

        return customers;
    }

    // Usage of the last forty days, some of it wrong; now and then another plan, or the end.
    private static async Task SomethingAsync(Scenario life, Random random, Lived customer, bool hasAmounts)
    {
        for (var i = random.Next(0, 3); i > 0; i--)
        {
            var (type, at, value) = (random.Next(2) == 0 ? "call" : "book", life.Clock.Now - Duration.FromMinutes(random.Next(0, 40 * 24 * 60)), random.Next(1, 100));
            if (at < customer.Start || at >= customer.Ended)
            {
                continue;
            }

            customer.Used.Add((await life.UseAsync(customer.Name, type, value, at.ToString("uuuu-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)), type, Instant.FromUnixTimeSeconds(at.ToUnixTimeSeconds()), value));
        }

        if (customer.Used.Count > 0 && random.Next(4) == 0)
        {
            var wrong = customer.Used[random.Next(customer.Used.Count)];
            customer.Used.Remove(wrong);
            customer.HasVoid = true;
            await VoidAsync(life, wrong.Id);
        }

        if (life.Clock.Now > customer.Start && customer.Ended == Instant.MaxValue && random.Next(8) == 0)
        {
            var isEnd = (hasAmounts && !customer.HasFee) || customer.Changed < Instant.MaxValue || random.Next(3) == 0;
            await life.Billing.Changes.ApplyAsync(life.Tenant, customer.Subscription, isEnd ? new Cancel { When = ChangeWhen.Immediate } : new ChangePlan("plan-1") { When = ChangeWhen.Immediate }, Token);
            (customer.Ended, customer.Changed) = isEnd ? (life.Clock.Now, customer.Changed) : (customer.Ended, life.Clock.Now);
            customer.Told += $"\n  {life.Clock.Now} {(isEnd ? "end" : "other plan")}";
        }
    }

    private static Task GoToAsync(Scenario life, Instant at) => life.GoToAsync(at.ToString("uuuu-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));

    private sealed record Lived(string Name, Instant Start, decimal[] Prices, decimal All, decimal Books, decimal Off)
    {
        public string Subscription { get; set; } = "";

        public string Told { get; set; } = "";

        public bool IsEarly { get; init; }

        public bool HasVoid { get; set; }

        public bool HasFee => Prices[4] > 0;

        public Instant Changed { get; set; } = Instant.MaxValue;

        public Instant Ended { get; set; } = Instant.MaxValue;

        public List<(string Id, string Type, Instant At, decimal Value)> Used { get; } = [];

        // The bill that a month begins with has its fee and what was used in the one before, and where the plan is changed or ends in the month, what was used until then is of that month too.
        public (decimal Least, decimal Most) Taken()
        {
            var (first, more) = (new Dictionary<int, decimal>(), new Dictionary<int, decimal>());
            foreach (var (_, type, at, value) in Used)
            {
                var (month, isBefore) = (MonthOf(at), at < Changed);
                var cut = isBefore && Changed < Ended ? Changed : Ended;
                var (bill, sums) = cut < Instant.MaxValue && MonthOf(cut) == month ? (month, more) : (month + 1, first);
                sums[bill] = sums.GetValueOrDefault(bill) + (value * Prices[(type == "call" ? 0 : 2) + (isBefore ? 0 : 1)]);
            }

            return (first.Values.Sum(sum => Math.Min(Off, sum)), first.Keys.Union(more.Keys).Sum(bill => Math.Min(Off, first.GetValueOrDefault(bill) + more.GetValueOrDefault(bill))));
        }

        // The coupon for books comes first, the other takes its part of what is left; whole millions need no rounding. An amount is taken off what is left of each month.
        public SortedDictionary<decimal, decimal> Expected(Instant now)
        {
            var sums = new SortedDictionary<decimal, decimal> { [7] = 0, [19] = 0 };
            foreach (var month in Used.GroupBy(used => MonthOf(used.At)))
            {
                decimal Sum(string type, int price) => month.Where(used => used.Type == type).Sum(used => used.Value * Prices[price + (used.At < Changed ? 0 : 1)]);
                var (calls, books) = (Sum("call", 0) * (100 - All) / 100, Sum("book", 2) * (100 - Books) / 100 * (100 - All) / 100);
                var kept = calls + books == 0 ? 0 : Math.Max(0, calls + books - Off) / (calls + books);
                (sums[19], sums[7]) = (sums[19] + (calls * kept), sums[7] + (books * kept));
            }

            // The fee of each month that began pays for its part at each plan.
            for (var month = 0; Prices[4] > 0 && At(month) is var from && from <= now && from < Ended; month++)
            {
                var (until, whole) = (Instant.Min(At(month + 1), Ended), (decimal)(At(month + 1) - from).BclCompatibleTicks);
                var first = Math.Max(0, (decimal)(Instant.Min(until, Changed) - from).BclCompatibleTicks);
                sums[19] += ((Prices[4] * first) + (Prices[5] * ((decimal)(until - from).BclCompatibleTicks - first))) / whole * (100 - All) / 100;
            }

            return sums;

            Instant At(int month) => Start.InUtc().LocalDateTime.PlusMonths(month).InUtc().ToInstant();
        }

        private int MonthOf(Instant at) => Period.Between(Start.InUtc().LocalDateTime, at.InUtc().LocalDateTime, PeriodUnits.Months).Months;
    }
}
