namespace BillApis.Scenarios;

/// <summary>Whenever usage of a month comes, or is taken back, all bills together are what they are where all of it was known: what each tax is on comes to the same, with commitments, coupons and taxes of two rates, and with a fee that a coupon paid and a pause.</summary>
public sealed class CommitmentOrderTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary><c>BILLAPIS_ORDER_CASES=500</c> compares so many lives; <c>BILLAPIS_ORDER_SEED</c> repeats a run.</summary>
    [Fact]
    public async Task The_order_in_which_usage_comes_changes_nothing()
    {
        var (seed, count) = (Setting("BILLAPIS_ORDER_SEED", 20261127), 0);
        for (var number = 0; number < Setting("BILLAPIS_ORDER_CASES", 16); number++)
        {
            var facts = Facts.Of(new Random(seed + number));
            var (known, late) = (await LiveAsync(facts, isKnown: true), await LiveAsync(facts, isKnown: false));
            late.Bases.ShouldBe(known.Bases, $"seed {seed + number}: {facts}\n{known.Bills}\n\n{late.Bills}");
            count += late.FirstMissing;
        }

        count.ShouldBeGreaterThan(0);
    }

    private async Task<(string Bases, string Bills, int FirstMissing)> LiveAsync(Facts facts, bool isKnown)
    {
        await using var life = await StartAsync("sqlite", "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await TaxesOfTwoRatesAsync(life);
        await life.PlanAsync("shop", Offer.Usage("calls", "call", new PerUnitPrice(1)) with { Product = "calls" }, Offer.Usage("books", "book", new PerUnitPrice(1)).Having(terms => terms with { TaxCategory = "books" }), Offer.Fee("fee", 31) with { Product = "fees" });
        var (calls, fees) = (await life.Billing.Products.FindAsync(life.Tenant, "calls", Token), await life.Billing.Products.FindAsync(life.Tenant, "fees", Token));
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "FREE", Terms = new CouponTerms { PercentOff = 100, Duration = CouponDuration.Forever, Products = [fees!.Id] } }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = facts.Coupon with { Products = facts.IsForCalls ? [calls!.Id] : [] } }, Token);
        await life.SubscribeAsync("acme", "shop", with => with with { EndAt = Day.Of("2026-02-01"), Coupons = ["FREE", "SALE"], Commitment = new MinimumCommitment(Money.Of(facts.Commitment, Usd), new BillingInterval(IntervalUnit.Month, 1), facts.Proration) });
        var used = facts.Used.FindAll(item => !isKnown || item.VoidedOn is null).ConvertAll(item => isKnown ? item with { SentOn = 31 } : item);
        var sent = new Dictionary<int, string>();
        if (facts.IsPaused)
        {
            await SendAsync(1);
            await ChangeOnAsync(life, "2026-01-11", new Pause { ResumeAt = Day.Of("2026-01-21") });
        }

        await SendAsync(31);
        for (var day = 32; day < 36; day++)
        {
            await life.GoToAsync(FormattableString.Invariant($"2026-02-{day - 31:D2}T12:00"));
            await SendAsync(day);
            await VoidAsync(life, [.. used.Where(item => item.VoidedOn == day).Select(item => sent[item.Number])]);
            await life.RunAsync();
        }

        await BilledLives.VerifyAsync(life);
        var invoices = await life.InvoicesAsync("acme");
        var bases = invoices.SelectMany(invoice => invoice.TaxLines).GroupBy(tax => tax.Tax.Percentage).OrderBy(taxes => taxes.Key).Select(taxes => FormattableString.Invariant($"{taxes.Key} % on {taxes.Sum(tax => tax.Base.Amount):F2}"));
        var first = invoices.Where(invoice => invoice.Kind is InvoiceKind.Supplementary).SelectMany(invoice => invoice.Lines).Count(line => line.Kind is LineKind.Commitment);
        return (string.Join(", ", bases.Where(line => !line.EndsWith("on 0.00", StringComparison.Ordinal))), await life.BillsAsync("acme"), first);

        // What a paused month has before its pause is known as that is billed, but for what comes late.
        async Task SendAsync(int day)
        {
            foreach (var item in used.Where(item => !sent.ContainsKey(item.Number) && (day == 1 ? item.SentOn == 31 && item.At < 11 : item.SentOn == day)))
            {
                sent[item.Number] = await life.UseAsync("acme", item.Type, item.Units, FormattableString.Invariant($"2026-01-{item.At:D2}T05:00"));
            }
        }
    }

    private sealed record Used(int Number, string Type, decimal Units, int At, int SentOn, int? VoidedOn);

    private sealed record Facts(CouponTerms Coupon, bool IsForCalls, decimal Commitment, Proration Proration, bool IsPaused, List<Used> Used)
    {
        // A coupon that found nothing on a bill would have nothing of what comes late to it: one call each before and after the pause stays.
        public static Facts Of(Random random)
        {
            var isPaused = random.Next(3) == 0;
            var duration = isPaused || random.Next(2) == 0 ? CouponDuration.Forever : CouponDuration.Once;
            var terms = isPaused || random.Next(2) == 0 ? new CouponTerms { PercentOff = random.Next(1, 60), Duration = duration } : new CouponTerms { AmountOff = Money.Of(random.Next(100, 9_000) / 100m, Usd), Duration = duration };
            List<Used> used = [new(0, "call", random.Next(1, 20), 5, 31, null), new(1, "call", random.Next(1, 20), 25, 31, null)];
            for (var number = 2; number < 10; number++)
            {
                var (at, sent) = (random.Next(2) == 0 ? random.Next(2, 11) : random.Next(21, 32), random.Next(2) == 0 ? 31 : random.Next(32, 36));
                used.Add(new Used(number, random.Next(2) == 0 ? "call" : "book", random.Next(1, 4_000) / 100m, at, sent, random.Next(2) == 0 && sent < 35 ? random.Next(Math.Max(32, sent), 36) : null));
            }

            return new Facts(terms, random.Next(3) == 0, random.Next(3_000, 30_000) / 100m, random.Next(4) == 0 ? Proration.None : Proration.BySecond, isPaused, used);
        }

        public override string ToString() => FormattableString.Invariant($"{Coupon}{(IsForCalls ? " for calls" : "")}, commitment {Commitment} {Proration}{(IsPaused ? ", paused" : "")}\n{string.Join('\n', Used)}");
    }
}
