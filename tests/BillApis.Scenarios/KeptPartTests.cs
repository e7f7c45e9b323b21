namespace BillApis.Scenarios;

/// <summary>Discounts that late usage moves to a fee of which a part was given back before: only that of the part that was kept moves. Books are 1.00 each at 7 %, the fee is 100.00 in advance at 19 %, and 20.00 are off once.</summary>
public sealed class KeptPartTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Of_a_fee_that_was_given_back_by_half_half_of_the_discount_moves(string storage)
    {
        // February's fee cost 90.00, of which 45.00 came back. With the late books the coupon takes 15.00 of those and 5.00 of the fee: half of 95.00 are 47.50, which 2.50 are missing to.
        await using var life = await SoldAsync(storage);
        await life.GoToAsync("2026-02-15");
        await EndAsync(life);
        await life.GoToAsync("2026-02-16");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-17");
        var invoices = await life.InvoicesAsync("acme");
        invoices[^2].Lines.Single(line => line.GivesBack is not null).Net.Amount.ShouldBe(-45m);
        var last = invoices[^1];
        last.Lines.Select(line => (line.Description, line.Net.Amount)).ShouldBe([("books: adjustment", 195m), ("fee: coupons take 7.50 USD, not 10.00 USD", 2.5m)]);
        (last.Discounts.Single().Amount.Amount, last.Total.Amount).ShouldBe((2.5m, 211.63m));
        last.TaxLines.Select(tax => (tax.Tax.Percentage, tax.Base.Amount, tax.Amount.Amount)).ShouldBe([(7m, 195m, 13.65m), (19m, 2.5m, 0.48m)]);
        await CheckAsync(life, storage);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task So_it_is_where_one_invoice_gives_back_and_adjusts(string storage)
    {
        // The books come before the end: its invoice gives 45.00 back and moves 2.50.
        await using var life = await SoldAsync(storage);
        await life.GoToAsync("2026-02-14");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-15");
        await EndAsync(life);
        var last = (await life.InvoicesAsync("acme"))[^1];
        last.Lines.Where(line => !line.Net.IsZero).Select(line => (line.Kind, line.Net.Amount)).ShouldBe([(LineKind.Adjustment, 195m), (LineKind.UnusedTime, -45m), (LineKind.Discount, 2.5m)]);
        last.TaxLines.Select(tax => (tax.Base.Amount, tax.Amount.Amount)).ShouldBe([(195m, 13.65m), (-42.5m, -8.08m)]);
        await CheckAsync(life, storage);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task So_it_is_where_another_invoice_stands_in_the_place_of_the_one_that_charged_it(string storage)
    {
        await using var life = await SoldAsync(storage);
        await life.GoToAsync("2026-02-03");
        var draft = await life.Billing.Invoices.ReissueAsync(life.Tenant, (await life.InvoicesAsync("acme"))[^1].Id.ToString(), Token);
        await life.Billing.Invoices.IssueAsync(life.Tenant, draft.Id.ToString(), Token);
        await life.GoToAsync("2026-02-15");
        await EndAsync(life);
        await life.GoToAsync("2026-02-16");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-17");
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Net.Amount).ShouldBe([195m, 2.5m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_comes_late_again_moves_half_of_it_back(string storage)
    {
        // As above, and then the 200 books were none: the fee's 2.50 come back, so that half of 90.00 is what it cost.
        await using var life = await SoldAsync(storage);
        await life.GoToAsync("2026-02-15");
        await EndAsync(life);
        await life.GoToAsync("2026-02-16");
        var wrong = await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-17");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-18");
        (await NetOfFeeAsync(life)).ShouldBe(45m);
        await CheckAsync(life, storage);
    }

    [Theory]
    [InlineData("sqlite", 5355, 250)]
    [InlineData("postgres", 5355, 250)]
    [InlineData("sqlite", 10710, 0)]
    [InlineData("sqlite", 1071, 450)]
    public async Task Of_a_fee_that_a_memo_took_back_a_part_of_the_rest_has_its_part_of_the_discount(string storage, int credited, int moved)
    {
        // Half of the fee's 90.00 and 17.10 was credited, all of it, or a tenth; of the 5.00 that the coupon does not take of it any more the rest of the fee bears its part.
        await using var life = await SoldAsync(storage);
        await life.GoToAsync("2026-02-10");
        var invoice = (await life.InvoicesAsync("acme"))[^1];
        await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice.Id.ToString(), "Not as agreed") { Lines = [new NewCreditMemoLine(invoice.Lines.Single(line => line.Kind is LineKind.Flat).Id, credited / 100m)] }, Token);
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-03-01");
        (await life.InvoicesAsync("acme"))[^1].Lines.Where(line => line.Kind is LineKind.Discount).Sum(line => line.Net.MinorUnits).ShouldBe(moved);
        await CheckAsync(life, storage);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_memo_for_late_usage_takes_no_more_of_a_fee_than_is_left_of_it(string storage)
    {
        // 300 books and the fee cost 285.00 and 95.00, and all of the fee was credited. Of 200 books that were none 195.00 come back, and of the fee nothing more.
        await using var life = await SoldAsync(storage, LateUsagePolicy.CreditMemo, late: 200);
        await life.GoToAsync("2026-02-10");
        var invoice = (await life.InvoicesAsync("acme"))[^1];
        await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice.Id.ToString(), "Not as agreed") { Lines = [new NewCreditMemoLine(invoice.Lines.Single(line => line.Kind is LineKind.Flat).Id, 113.05m)] }, Token);
        await VoidAsync(life, "event-2");
        await life.GoToAsync("2026-02-11");
        (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery(), Token)).Items.OrderBy(memo => memo.Number).Last().Lines.Select(line => (line.Net.Amount, line.Tax.Amount)).ShouldBe([(195m, 13.65m)]);
        await CheckAsync(life, storage);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Half_of_it_moves_though_usage_of_the_same_tax_bore_what_changed_of_it_before(string storage)
    {
        // 100 books, 100 calls and February's fee have 10.00 off each. 300 late calls make that 5.00, 20.00 and 5.00: the calls, of the fee's tax, bear its 5.00, and half of the 90.00 that it cost comes back.
        await using var life = await SoldAsync(storage, off: 30, calls: 100);
        await life.GoToAsync("2026-02-14");
        await life.UseAsync("acme", "call", 300, "2026-01-21");
        await life.GoToAsync("2026-02-15");
        await EndAsync(life);
        (await life.InvoicesAsync("acme"))[^1].Lines.Where(line => !line.Net.IsZero).Select(line => (line.Kind, line.Net.Amount)).ShouldBe([(LineKind.Adjustment, 295m), (LineKind.UnusedTime, -45m), (LineKind.Discount, 5m)]);

        // 600 late books make it 17.50, 10.00 and 2.50: of the fee's 2.50 less its kept half has 1.25. Were they none after all, that comes back.
        await life.GoToAsync("2026-02-16");
        var wrong = await life.UseAsync("acme", "book", 600, "2026-01-21");
        await life.GoToAsync("2026-02-17");
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => (line.Description, line.Net.Amount)).ShouldBe(
            [("books: adjustment", 587.5m), ("calls: coupons take 5.00 USD, not 15.00 USD", 10m), ("fee: coupons take 8.75 USD, not 10.00 USD", 1.25m)]);
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-18");
        (await NetOfFeeAsync(life)).ShouldBe(45m);
        await CheckAsync(life, storage);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Of_usage_that_a_memo_took_back_a_part_of_what_came_late_is_kept_too(string storage)
    {
        // 100 books cost 90.00, of which a memo takes 45.00 back; 200 more come late at 195.00, so that 240.00 of 285.00 are kept. 400 late calls make it 7.50 less of the books, of which that part moves: 6.32.
        await using var life = await SoldAsync(storage, calls: 0, off: 20);
        await life.GoToAsync("2026-02-10");
        var invoice = (await life.InvoicesAsync("acme"))[^1];
        await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice.Id.ToString(), "Not as agreed") { Lines = [new NewCreditMemoLine(invoice.Lines.Single(line => line.TaxCategory is "books").Id, 48.15m)] }, Token);
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-03-02");
        await life.UseAsync("acme", "call", 400, "2026-01-22");
        await life.GoToAsync("2026-04-02");
        (await life.InvoicesAsync("acme"))[^1].Lines.Single(line => line.Kind is LineKind.Discount).Net.Amount.ShouldBe(6.32m);
        await CheckAsync(life, storage);
    }

    [Fact]
    public async Task What_there_is_no_room_for_is_moved_on_one_line_for_each_set_of_taxes()
    {
        // 998 shelves of books for 10.00 each and 20 calls, less 5,000.00: 4,990.00 of the books and 10.00 of the calls. With 10,000 late calls half of what there is are books, and the coupon takes 2,495.00 of those.
        await using var life = await StartAsync("sqlite", "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await TaxesOfTwoRatesAsync(life);
        await life.PlanAsync("shop", Offer.Usage("books", "book", new PerUnitPrice(1)).Having(terms => terms with { TaxCategory = "books", GroupBy = ["shelf"] }), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "shop");
        await RedeemAsync(life, 5_000);
        for (var shelf = 0; shelf < 998; shelf++)
        {
            await life.UseAsync("acme", "book", 10, "2026-01-20", ("shelf", FormattableString.Invariant($"{shelf:D3}")));
        }

        await life.UseAsync("acme", "call", 20, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 10_000, "2026-01-20");
        await life.GoToAsync("2026-03-01");
        var last = (await life.InvoicesAsync("acme"))[^1];
        last.Lines.Where(line => line.Corrects is not null).Select(line => (line.Description, line.Discount!.Value.Amount)).ShouldBe([("calls: adjustment", 2_495m), ("books (shelf: 000) and 997 more: coupons take 2495.00 USD, not 4990.00 USD", -2_495m)]);
        await BilledLives.VerifyAsync(life, last, "last");
    }

    [Theory]
    [InlineData("sqlite", 0)]
    [InlineData("postgres", 50)]
    [InlineData("sqlite", 50)]
    public async Task A_fee_that_a_coupon_paid_stays_billed_through_a_pause_and_its_discount_moves_whole(string storage, decimal commitment)
    {
        // 200.00 off are all of the books and of February's fee. With 200 late books they are 150.00 of those and 50.00 of the fee, which is not charged again after the pause: 150.00 at 7 % and 50.00 at 19 % are missing. The fee meets what the 18 days commit to.
        await using var life = await SoldAsync(storage, LateUsagePolicy.Invoice, off: 200, commitment: commitment);
        await ChangeOnAsync(life, "2026-02-11", new Pause());
        await ChangeOnAsync(life, "2026-02-21", new Resume());
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-22");
        var invoices = (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).ToList();
        invoices.Select(invoice => invoice.Total.Amount).ShouldBe([119m, 220m]);
        invoices[^1].TaxLines.Select(tax => (tax.Tax.Percentage, tax.Base.Amount, tax.Amount.Amount)).ShouldBe([(7m, 150m, 10.5m), (19m, 50m, 9.5m)]);
        await life.GoToAsync("2026-03-01");
        (await life.InvoicesAsync("acme"))[^1].Total.Amount.ShouldBe(119m);
        await CheckAsync(life, storage);
    }

    private static async Task CheckAsync(Scenario life, string place)
    {
        await BilledLives.CheckAsync(life, place);
        await BilledLives.VerifyAsync(life);
    }

    // What the fee that the coupon discounted comes to on all documents.
    private static async Task<decimal> NetOfFeeAsync(Scenario life)
    {
        var (lines, memos) = ((await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).ToList(), (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery(), Token)).Items);
        var fee = lines.Single(line => line is { Kind: LineKind.Flat, Discount.IsZero: false });
        return lines.Where(line => line.Id == fee.Id || line.Corrects == fee.Id || line.GivesBack == fee.Id).Sum(line => line.Net.Amount) - memos.SelectMany(memo => memo.Lines).Where(line => line.Line == fee.Id).Sum(line => line.Net.Amount);
    }

    private static async Task EndAsync(Scenario life) => await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new Cancel { When = ChangeWhen.Immediate }, Token);

    private static async Task RedeemAsync(Scenario life, decimal off)
    {
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = new CouponTerms { AmountOff = Money.Of(off, Usd), Duration = CouponDuration.Once } }, Token);
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, await SubscriptionAsync(life), "SALE", Token);
    }

    // January's 100 books, and February's fee, have the coupon.
    private async Task<Scenario> SoldAsync(string storage, LateUsagePolicy policy = LateUsagePolicy.Adjust, decimal late = 0, decimal off = 20, decimal commitment = 0, decimal? calls = null)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy }, Token);
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await TaxesOfTwoRatesAsync(life);
        await life.PlanAsync("shop", [Offer.Usage("books", "book", new PerUnitPrice(1)).Having(terms => terms with { TaxCategory = "books" }), .. calls is null ? Array.Empty<Offer>() : [Offer.Usage("calls", "call", new PerUnitPrice(1))], Offer.Fee("fee", 100)]);
        await life.SubscribeAsync("acme", "shop", with => with with { Commitment = commitment > 0 ? new MinimumCommitment(Money.Of(commitment, Usd), new BillingInterval(IntervalUnit.Month, 1)) : null });
        await life.GoToAsync("2026-01-15");
        await RedeemAsync(life, off);
        await life.UseAsync("acme", "book", 100, "2026-01-20");
        if (calls > 0)
        {
            await life.UseAsync("acme", "call", calls.Value, "2026-01-20");
        }

        if (late > 0)
        {
            await life.UseAsync("acme", "book", late, "2026-01-21");
        }

        return life;
    }
}
