using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>Every line of a bill is traced to what it follows from, whatever its kind; the amounts in the steps were worked out by hand.</summary>
public sealed class ExplainedTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_of_every_model_is_traced_to_its_price_tiers_and_events(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        Tier[] tiers = [new Tier(100, 0.5m, 3), new Tier(null, 0.25m, 1)];
        (string Code, PriceModel Model)[] models = [
            ("unit", new PerUnitPrice(0.1m)), ("graduated", new GraduatedPrice([.. tiers])), ("volume", new VolumePrice([.. tiers])), ("stairs", new StairstepPrice([new Tier(100, 0, 9), new Tier(null, 0, 12)])),
            ("packs", new PackagePrice(50, 7)), ("percent", new PercentagePrice(2, 0.5m, 1, null, null, null)), ("slices", new GraduatedPercentagePrice([new RateTier(100, 3, 0), new RateTier(null, 1, 2)])),
            ("dynamic", new DynamicPrice(null, 1.5m)), ("cells", new MatrixPrice(["region"], [new MatrixCell(["eu"], 0.2m)], 0.3m))];
        await life.PlanAsync("all", [.. models.Select(model => Offer.Usage(model.Code, model.Code, model.Model)), Offer.Usage("grouped", "grouped", new PerUnitPrice(0.1m)).Having(terms => terms with { GroupBy = ["region"] })]);
        await life.SubscribeAsync("acme", "all");
        foreach (var code in models.Select(model => model.Code).Append("grouped"))
        {
            await life.UseAsync("acme", code, 90, "2026-01-10", ("region", "eu"));
            await life.UseAsync("acme", code, 60, "2026-01-20", ("region", "us"));
        }

        await life.GoToAsync("2026-02-02");
        var invoice = (await life.InvoicesAsync("acme")).ShouldHaveSingleItem();
        await BilledLives.RecomputeAsync(life, invoice.Id.ToString());
        var lines = (await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token)).Lines;

        // 150 × 0.1; 100 × 0.5 + 3 and 50 × 0.25 + 1; 150 × 0.25 + 1; 12; 3 × 7; the first free, 2 % of 60 + 0.5; 3 % of 100, and 1 % of 50 + 2; 150 × 1.5; 90 × 0.2 + 60 × 0.3; 90 and 60 × 0.1.
        lines.Select(line => (line.Price!.Code, line.Line.Amount.Amount)).ShouldBe([
            ("unit", 15m), ("graduated", 66.5m), ("volume", 38.5m), ("stairs", 12m), ("packs", 21m), ("percent", 1.7m), ("slices", 5.5m), ("dynamic", 225m), ("cells", 36m), ("grouped", 9m), ("grouped", 6m)]);
        foreach (var line in lines)
        {
            line.Agrees.ShouldBeTrue(line.Price!.Code);
            line.Line.Tiers.Sum(tier => tier.Amount).ShouldBe(line.Line.Amount.Amount);
            var values = line.Usage!.Events.Items.Select(item => item.Value).ToList();
            values.ShouldBe(line.Price.Code is "grouped" ? [line.Line.Quantity] : [60m, 90m]);
            (line.Usage.EventCount, line.Usage.Quantity, line.Usage.Totals.Sum(total => total.Value)).ShouldBe((values.Count, values.Sum(), values.Sum()));
            line.Steps[^1].ShouldBe($"rounded half away from zero to {line.Line.Amount}");
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_follows_from_earlier_bills_says_from_which(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 31), Offer.Seats("seat", 4, quantity: 2), Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MaximumAmount = 31 }));
        var subscription = await life.SubscribeAsync("acme", "pro", with => with with { Coupons = ["TEN"], Commitment = new MinimumCommitment(Money.Of(100, Currency.Parse("USD")), new BillingInterval(IntervalUnit.Month, 1)) });
        await life.GoToAsync("2026-01-16T12:00");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 3)) { When = ChangeWhen.Immediate }, Token);
        await life.UseAsync("acme", "call", 20, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 77, "2026-01-21");
        await life.GoToAsync("2026-03-02");
        var (invoices, all) = (await life.InvoicesAsync("acme"), new List<InvoiceExplanation>());
        foreach (var invoice in invoices)
        {
            all.Add(await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token));
            all[^1].Lines.ShouldAllBe(line => line.Agrees, $"{invoice.DisplayNumber}");
            await BilledLives.RecomputeAsync(life, invoice.Id.ToString());
        }

        // January: 31 + 8 in advance; half of the 8.00, of which 7.20 were left after the coupon, is given back, and 6.00 charged: VAT on 1.80 is 0.34, which is 1.03 of 5.40 and -0.69 of -3.60.
        all[0].Steps.ShouldBe(["subtotal 39.00 USD: the sum of 2 lines", "− 3.90 USD by the coupon 'TEN' (10 %)", "+ 6.67 USD VAT 19 % of 35.10 USD", "total 41.77 USD", "due 41.77 USD"]);
        StepsOf(all[1], LineKind.UnusedTime).ShouldBe([
            $"the line {invoices[0].Lines[1].Id} of {invoices[0].DisplayNumber} charged 8.00 USD in advance, 7.20 USD after coupons and promotional credit", "1/2 of the period at its price = 4, and in the ratio of what was left = 3.6",
            "rounded half away from zero and given back: -3.60 USD", "VAT 19 % on -3.60 USD: -0.69 USD, its share of the invoice's tax"]);

        // Of 100.00, 31 + 8 − 4 + 6 were billed, before coupons, and 20 calls are on this one: 39.00 are missing. 97 calls come to 31.00: 11.00 more, and 11.00 less missing.
        StepsOf(all[2], LineKind.Commitment)[..3].ShouldBe(["commitment of 100.00 USD", "41.00 USD of it was billed before, 20.00 USD is on this invoice, both before coupons and credit", "which makes 39.00 USD"]);
        StepsOf(all[3], LineKind.Adjustment)[..5].ShouldBe(["quantity 97", "97 × 1 = 97", "amount 97 USD", "rounded half away from zero to 97.00 USD", "brought to 31.00 USD by the minimum or maximum of the price"]);
        StepsOf(all[3], LineKind.Adjustment)[5].ShouldBe("97 units cost 31.00 USD by now, 20.00 USD was billed, which makes 11.00 USD");
        var missing = all[3].Lines.Where(line => line.Line.Kind is LineKind.Commitment).ToDictionary(line => line.Line.Amount.Amount, line => line.Steps);
        missing[-11m][1].ShouldBe("61.00 USD of it was billed before, 11.00 USD is on this invoice, both before coupons and credit, and 39.00 USD was charged as missing");
        missing[57m][1].ShouldBe("43.00 USD of it was billed before, 0.00 USD is on this invoice, both before coupons and credit");
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_given_back_of_a_price_that_is_agreed_anew_is_explained_by_what_it_cost_before(string storage)
    {
        // 30.00 for June, and from the 16th on 20.00 a month: half of the 30.00 is given back and half of the 20.00 charged.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 30));
        var subscription = await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-06-16");
        var agreed = ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("fee", new PriceTerms { Currency = Currency.Parse("USD"), Model = new FlatPrice(20), Timing = BillingTiming.InAdvance });
        var changed = await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new ChangePrices(agreed) { When = ChangeWhen.Immediate }, Token);

        var explained = await life.Billing.Explanations.InvoiceAsync(life.Tenant, changed.Invoice!.Id.ToString(), cancellationToken: Token);

        explained.Lines.ShouldAllBe(line => line.Agrees);
        explained.Invoice.Lines.Select(line => line.Amount.Amount).ShouldBe([10m, -15m]);
        StepsOf(explained, LineKind.UnusedTime)[1..].ShouldBe(["1/2 of the period at its price = 15", "rounded half away from zero and given back: -15.00 USD"]);
        explained.Lines.Select(line => line.Price!.Terms.Model).ShouldBe([new FlatPrice(20), new FlatPrice(30)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Early_bills_add_ons_overrides_credits_and_charges_by_hand_are_explained(string storage)
    {
        // 30 calls reach the threshold: 30.00 at once, and at the end of the month 12 more less nothing. The add-on of 9.00 has a month of its own, from January 10 on; the fee was agreed at 20.00.
        await using var life = await StartAsync(storage, "2026-01-01");
        var usd = Currency.Parse("USD");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 25), Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 35 }));
        var extra = await life.Billing.Prices.CreateAsync(life.Tenant, new Price { Code = "extra", Terms = new PriceTerms { Currency = usd, Model = new FlatPrice(9), Timing = BillingTiming.InAdvance } }, Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(5, usd)) { Category = CreditCategory.Promotional }, Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(7, usd)) { Category = CreditCategory.Paid }, Token);
        var agreed = ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("fee", new PriceTerms { Currency = usd, Model = new FlatPrice(20), Timing = BillingTiming.InAdvance });
        var subscription = await life.SubscribeAsync("acme", "pro", with => with with { UsageThreshold = Money.Of(30, usd), Prices = agreed });
        await life.GoToAsync("2026-01-10");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new AddAddOn(extra.Id.ToString(), 1, true) { When = ChangeWhen.Immediate }, Token);
        await life.UseAsync("acme", "call", 30, "2026-01-15");
        await life.GoToAsync("2026-01-16");
        await life.UseAsync("acme", "call", 12, "2026-01-20");
        await life.GoToAsync("2026-02-12");
        var work = await life.Billing.Invoices.CreateAsync(life.Tenant, new NewInvoice("acme", usd, [new NewInvoiceLine("Setup", 12.345m, 3)]), Token);
        var explained = new List<InvoiceExplanation>();
        foreach (var id in (await life.InvoicesAsync("acme")).Select(invoice => invoice.Id.ToString()).Append(work.Id.ToString()).Distinct())
        {
            explained.Add(await life.Billing.Explanations.InvoiceAsync(life.Tenant, id, cancellationToken: Token));
            explained[^1].Lines.ShouldAllBe(line => line.Agrees, id);
            await BilledLives.RecomputeAsync(life, id);
        }

        explained[0].Lines.Single().Steps.ShouldBe(["quantity 1", "flat 20", "amount 20 USD", "rounded half away from zero to 20.00 USD", "− 5.00 USD, its share of the promotional credit"]);
        explained[0].Steps.Select(step => step.Split(" of the")[0].Split(" by the")[0]).ShouldBe(["subtotal 20.00 USD: the sum of 1 line", "− 5.00 USD", "total 15.00 USD", "paid 7.00 USD", "due 8.00 USD"], "credit, then bought credit");
        explained[1].Lines.Single().Steps.ShouldBe(["quantity 1", "flat 9", "amount 9 USD", "rounded half away from zero to 9.00 USD"]);
        var early = explained.Single(item => item.Invoice.Kind is InvoiceKind.Progressive).Lines.Single();
        early.Steps.ShouldBe(["quantity 30", "30 × 1 = 30", "amount 30 USD", "rounded half away from zero to 30.00 USD", "30 units cost 30.00 USD by now, 0.00 USD was billed, which makes 30.00 USD"]);
        var rest = explained.SelectMany(item => item.Lines).Single(line => line.Line is { Kind: LineKind.Adjustment, Adjustment.Billed.MinorUnits: 30_00 });
        (rest.Line.Amount.Amount, rest.Usage!.EventCount).ShouldBe((12m, 2));
        explained[^1].Lines.Single().Steps.ShouldBe(["3 × 12.345 = 37.035", "rounded half away from zero to 37.04 USD"]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_group_that_comes_after_the_bill_while_the_clock_stands_still_is_in_no_line_of_it(string storage)
    {
        // Nothing of the mails and 5 calls of eu were billed; at the same instant 3 of us come, of each.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", [.. new[] { "call", "mail" }.Select(type => Offer.Usage(type, type, new PerUnitPrice(1)).Having(terms => terms with { GroupBy = ["region"] }))]);
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 5, "2026-01-20", ("region", "eu"));
        await life.GoToAsync("2026-02-01");
        await life.UseAsync("acme", "call", 3, "2026-01-30", ("region", "us"));
        await life.UseAsync("acme", "mail", 3, "2026-01-30", ("region", "us"));
        (await life.InvoicesAsync("acme")).ShouldHaveSingleItem().Lines.Select(line => line.Quantity).ShouldBe([5m, 0m]);
        await BilledLives.VerifyAsync(life);
    }

    private static ImmutableArray<string> StepsOf(InvoiceExplanation explanation, LineKind kind) => explanation.Lines.Single(line => line.Line.Kind == kind).Steps;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_greatest_of_each_cell_is_explained_as_it_was_billed(string storage)
    {
        // The greatest of all is 30 with the late 20 and without it; the cells tell: 30 × 0.10, and 20 × 0.20 late.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("one", Offer.Usage("peak", "level", new MatrixPrice(["region"], [new MatrixCell(["eu"], 0.10m)], 0.20m)) with { Aggregation = Aggregation.Max });
        await life.SubscribeAsync("acme", "one");
        await life.UseAsync("acme", "level", 30, "2026-06-05", ("region", "eu"));
        await life.GoToAsync("2026-07-02");
        await life.UseAsync("acme", "level", 20, "2026-06-06", ("region", "us"));
        var id = (await life.InvoicesAsync("acme")).Single().Id.ToString();
        (await life.Billing.Explanations.InvoiceAsync(life.Tenant, id, cancellationToken: Token)).Lines.ShouldAllBe(line => line.Agrees);
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-07-01 invoice: 3.00
              peak × 30 2026-06-01..2026-07-01: 3.00
            2026-08-01 invoice: 4.00
              peak × 0 2026-07-01..2026-08-01: 0.00
              peak: adjustment × 20 2026-06-01..2026-07-01: 4.00
            """);
        await BilledLives.ProveAsync(life);
    }
}
