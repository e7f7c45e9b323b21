namespace BillApis.Scenarios;

/// <summary>Coupons over charges that bear two taxes, 19 % in general and 7 % on books, whose usage comes late: each tax is on what one bill over all that was used would have left.</summary>
public sealed class MovedDiscountTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_more_usage_takes_of_an_amount_the_fee_does_not_have_any_more(string storage)
    {
        // The life of docs/invoicing.md. Books of 300 and a fee of 100 have 15 and 5 of 20.00 off: 7 % on 285 and 19 % on 95. Billed were 90 and 90, so that 195 and 5 are missing, the latter beside March's fee of 100.
        await using var life = await SoldAsync(storage);
        await RedeemedAsync(life, new CouponTerms { AmountOff = Money.Of(20, Usd), Duration = CouponDuration.Once });
        await life.UseAsync("acme", "book", 100, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-03-01");
        var documented = (await File.ReadAllTextAsync(Repository.PathOf("docs", "invoicing.md"), Token)).ReplaceLineEndings("\n");
        await BillsAsync(life, documented.Split("```text\n")[1].Split("\n```")[0]);
        await BilledLives.CheckAsync(life, storage);
        await BilledLives.VerifyAsync(life);
        var moved = (await life.Billing.Explanations.InvoiceAsync(life.Tenant, (await life.InvoicesAsync("acme"))[2].Id.ToString(), cancellationToken: Token)).Lines[3];
        (moved.Line.Kind, moved.Line.Quantity, moved.Line.Discount, moved.Line.Gross.Amount).ShouldBe((LineKind.Discount, 0m, Money.Of(-5, Usd), 5.95m));
        moved.Steps.ShouldContain(step => step.StartsWith("with what is adjusted of that invoice they take 5.00 USD", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_comes_late_again_starts_from_what_was_moved(string storage)
    {
        // As above, and of the 300 books 200 were none after all: 10 and 10 again, and so 90 and 90.
        await using var life = await SoldAsync(storage);
        await RedeemedAsync(life, new CouponTerms { AmountOff = Money.Of(20, Usd), Duration = CouponDuration.Once });
        await life.UseAsync("acme", "book", 100, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        var wrong = await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-03-02");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-04-01");
        (await BasesAsync(life, "acme"))["7"].ShouldBe(90m);
        (await BasesAsync(life, "acme"))["19"].ShouldBe(100m + 90m + 100m + 100m);
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Discount?.Amount).ShouldBe([null, null, -5m, 5m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_memo_takes_back_what_the_fee_is_discounted_more(string storage)
    {
        // 300 and 100 less 15 and 5 were 285 and 95; of 100 and 100 it is 10 and 10: 195 of the books and 5 of the fee come back, with 13.65 and 0.95 of tax.
        await using var life = await SoldAsync(storage, LateUsagePolicy.CreditMemo);
        await RedeemedAsync(life, new CouponTerms { AmountOff = Money.Of(20, Usd), Duration = CouponDuration.Once });
        await life.UseAsync("acme", "book", 100, "2026-01-20");
        var wrong = await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-11");
        var memo = (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery(), Token)).Items.ShouldHaveSingleItem();
        memo.Lines.Select(line => (line.Description, line.Net.Amount, line.Tax.Amount, line.InAdvance)).ShouldBe([("books: adjustment", 195m, 13.65m, false), ("fee: coupons take 10.00 USD, not 5.00 USD", 5m, 0.95m, true)]);
        (await life.InvoicesAsync("acme")).Sum(invoice => invoice.Total.Amount).ShouldBe(119m + 418m);
        memo.Total.Amount.ShouldBe(418m - 203.4m);
        (await life.Billing.Explanations.CreditMemoAsync(life.Tenant, memo.Id.ToString(), cancellationToken: Token)).Lines.Length.ShouldBe(2);
        (await life.Billing.Books.TrialBalanceAsync(life.Tenant, null, Token)).Totals.ShouldAllBe(total => total.Debits == total.Credits);

        // Half of February is given back of the 90 that the fee cost in the end, with half of 17.10.
        await life.GoToAsync("2026-02-15");
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new Cancel { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme"))[^1].TaxLines.Select(tax => (tax.Base.Amount, tax.Amount.Amount)).ShouldBe([(0m, 0m), (-45m, -8.55m)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_fee_is_given_back_as_coupons_discount_it_by_now(string storage)
    {
        // The fee of 100 costs 95 with the late books, whose 47.50 for half of February come back: 19 % are 9.025.
        await using var life = await SoldAsync(storage, LateUsagePolicy.Invoice);
        await RedeemedAsync(life, new CouponTerms { AmountOff = Money.Of(20, Usd), Duration = CouponDuration.Once });
        await life.UseAsync("acme", "book", 100, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-11");
        await life.GoToAsync("2026-02-15");
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new Cancel { When = ChangeWhen.Immediate }, Token);
        var invoices = await life.InvoicesAsync("acme");
        BillText.Of(invoices[^2], DateTimeZone.Utc).ShouldBe("""
            2026-02-11 supplementary invoice: 214.60
              books: adjustment × 200 2026-01-01..2026-02-01: 200.00
              fee: coupons take 5.00 USD, not 10.00 USD 2026-02-01..2026-03-01: 0.00
              VAT 7 % on 195.00: 13.65
              VAT 19 % on 5.00: 0.95
            """.ReplaceLineEndings("\n"));
        BillText.Of(invoices[^1], DateTimeZone.Utc).ShouldBe("""
            2026-02-15 invoice: -56.53, due 0.00 (paid)
              books × 0 2026-02-01..2026-02-15: 0.00
              fee: unused time 2026-02-15..2026-03-01 (1/2): -47.50
              VAT 7 % on 0.00: 0.00
              VAT 19 % on -47.50: -9.03
            """.ReplaceLineEndings("\n"));
        await BilledLives.CheckAsync(life, storage);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_came_more_and_what_came_less_have_each_their_part_of_a_percentage(string storage)
    {
        // 20 % off 100 calls and 100 books. 50 calls more cost 40.00 more, 30 books less 24.00 less.
        await using var life = await SoldAsync(storage, fee: 0, calls: true);
        await RedeemedAsync(life, new CouponTerms { PercentOff = 20, Duration = CouponDuration.Once });
        await life.UseAsync("acme", "call", 100, "2026-01-20");
        await life.UseAsync("acme", "book", 70, "2026-01-20");
        var wrong = await life.UseAsync("acme", "book", 30, "2026-01-21");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, wrong);
        await life.UseAsync("acme", "call", 50, "2026-01-22");
        await life.GoToAsync("2026-03-01");
        var last = (await life.InvoicesAsync("acme"))[^1];
        last.Lines.Where(line => line.Corrects is not null).Select(line => (line.Amount.Amount, line.Discount!.Value.Amount)).ShouldBe([(50m, 10m), (-30m, -6m)], ignoreOrder: true);
        last.Discounts.ShouldHaveSingleItem().Amount.Amount.ShouldBe(4m);
        last.TaxLines.Select(tax => (tax.Tax.Percentage, tax.Base.Amount, tax.Amount.Amount)).ShouldBe([(19m, 40m, 7.6m), (7m, -24m, -1.68m)], ignoreOrder: true);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_coupon_that_only_corrects_an_invoice_is_none_of_its_own(string storage)
    {
        // SALE is for the 100 books of January, 10 % off. The invoice of March has 10 % of 50 late ones too, and full price for February's 100: 50 late ones of those cost 50.00.
        await using var life = await SoldAsync(storage, fee: 0);
        await RedeemedAsync(life, new CouponTerms { PercentOff = 10, Duration = CouponDuration.Once });
        await life.UseAsync("acme", "book", 100, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "book", 50, "2026-01-21");
        await life.UseAsync("acme", "book", 100, "2026-02-09");
        await life.GoToAsync("2026-03-10");
        await life.UseAsync("acme", "book", 50, "2026-02-20");
        await life.GoToAsync("2026-04-01");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount - invoice.TaxTotal.Amount).ShouldBe([90m, 145m, 50m]);
        await BilledLives.VerifyAsync(life);
    }

    [Fact]
    public async Task Whatever_comes_late_each_tax_is_on_what_one_bill_over_all_would_have_left()
    {
        // Of two customers with the same usage one has all of it in time, and the other a part after it was billed, or taken back then.
        for (var seed = 20261126; seed < 20261138; seed++)
        {
            await using var life = await SoldAsync("sqlite", (LateUsagePolicy)(seed % 3), seed % 2 * 17.03m, calls: true);
            var random = new Random(seed);
            CouponTerms[] coupons = [
                new() { AmountOff = Money.Of(random.Next(1, 4000) / 100m, Usd), Duration = CouponDuration.Once },
                new() { PercentOff = random.Next(1, 60), Duration = CouponDuration.Once },
                new() { PercentOff = random.Next(1, 60), Duration = CouponDuration.Once, Products = [(await life.Billing.Products.GetAsync(life.Tenant, "reading", Token)).Id] }];
            coupons = [.. coupons.Skip(random.Next(2)).Take(random.Next(1, 3))];
            await life.CustomerAsync("twin", with: customer => customer with { Country = "DE" });
            await life.SubscribeAsync("twin", "shop");
            await RedeemedAsync(life, coupons);
            var late = new List<Func<Task>>();
            foreach (var (customer, type) in new[] { ("acme", "call"), ("acme", "book"), ("twin", "call"), ("twin", "book") })
            {
                await life.UseAsync(customer, type, 30, "2026-01-15");
            }

            for (var i = 0; i < 8; i++)
            {
                var (type, value, at) = (random.Next(2) == 0 ? "call" : "book", random.Next(1, 5000) / 100m, $"2026-01-{random.Next(16, 31)}");
                switch (random.Next(3))
                {
                    case 0:
                        await life.UseAsync("acme", type, value, at);
                        await life.UseAsync("twin", type, value, at);
                        break;
                    case 1:
                        await life.UseAsync("twin", type, value, at);
                        late.Add(() => life.UseAsync("acme", type, value, at));
                        break;
                    default:
                        var wrong = await life.UseAsync("acme", type, value, at);
                        late.Add(() => VoidAsync(life, wrong));
                        break;
                }
            }

            foreach (var (change, day) in late.Select((change, day) => (change, day + 2)))
            {
                await life.GoToAsync(FormattableString.Invariant($"2026-02-{day:D2}"));
                await change();
            }

            await life.GoToAsync("2026-03-01");
            var (mine, twin) = (await BasesAsync(life, "acme"), await BasesAsync(life, "twin"));
            mine.ShouldBe(twin, $"seed {seed}: {await life.BillsAsync("acme")}\n{await life.BillsAsync("twin")}");
            await BilledLives.VerifyAsync(life);
            await BilledLives.CheckAsync(life, $"seed {seed}");
        }
    }

    // What each rate of tax is on, over all documents of a customer.
    private static async Task<SortedDictionary<string, decimal>> BasesAsync(Scenario life, string customer)
    {
        var (bases, invoices) = (new SortedDictionary<string, decimal>(StringComparer.Ordinal), await life.InvoicesAsync(customer));
        var lines = invoices.SelectMany(invoice => invoice.Lines).ToDictionary(line => line.Id);
        var memos = (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery { Limit = Limits.PageSize }.With("customer_id", invoices[0].Customer.ToString()), Token)).Items;
        foreach (var (line, net) in lines.Values.Select(line => (line, line.NetOfTax)).Concat(memos.SelectMany(memo => memo.Lines).Select(line => (lines[line.Line], -line.Net))))
        {
            var rate = Exact.Format(line.Taxes.Single().Tax.Percentage);
            bases[rate] = bases.GetValueOrDefault(rate) + net.Amount;
        }

        return bases;
    }

    // Books at 7 %, calls and a fee in advance at 19 %; each book and each call is 1.00.
    private async Task<Scenario> SoldAsync(string storage, LateUsagePolicy policy = LateUsagePolicy.Adjust, decimal fee = 100, bool calls = false)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy }, Token);
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await TaxesOfTwoRatesAsync(life);
        var books = Offer.Usage("books", "book", new PerUnitPrice(1)).Having(terms => terms with { TaxCategory = "books" }) with { Product = "reading" };
        await life.PlanAsync("shop", [books, .. calls ? [Offer.Usage("calls", "call", new PerUnitPrice(1))] : Array.Empty<Offer>(), .. fee == 0 ? Array.Empty<Offer>() : [Offer.Fee("fee", fee)]]);
        await life.SubscribeAsync("acme", "shop");
        return life;
    }

    // From the middle of January on, so that the invoice of February has them.
    private static async Task RedeemedAsync(Scenario life, params CouponTerms[] coupons)
    {
        await life.GoToAsync("2026-01-15");
        foreach (var (terms, i) in coupons.Select((terms, i) => (terms, i)))
        {
            var code = i == 0 ? "SALE" : $"SALE{i}";
            await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = code, Terms = terms }, Token);
            foreach (var subscription in (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items)
            {
                await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, subscription.Id.ToString(), code, Token);
            }
        }
    }
}
