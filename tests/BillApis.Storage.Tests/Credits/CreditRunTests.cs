using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Outbox;
using BillApis.Pricing;
using BillApis.Workers;
using NodaTime;

namespace BillApis.Storage.Tests.Credits;

/// <summary>Runs that use credit, coupons and taxes on a real database, raced by two nodes and read back from the ledger.</summary>
public abstract class CreditRunTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant January = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Instant April = Instant.FromUtc(2026, 4, 1, 0, 0);
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Eight_runs_on_two_nodes_at_once_spend_each_cent_of_a_grant_once()
    {
        // 12 subscriptions of one customer, 4 invoices of 10 each: 480, of which 100 are promotional and 250.05 bought.
        await CustomerAsync();
        foreach (var _ in Enumerable.Range(0, 12))
        {
            await SubscribeAsync();
        }

        var promotional = await GrantAsync(100m, CreditCategory.Promotional);
        var paid = await GrantAsync(250.05m, CreditCategory.Paid);

        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>()).Runs.RunAsync(_tenant, April, cancellationToken: Token))));

        runs.ShouldAllBe(run => run.Status == InvoiceRunStatus.Completed);
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        invoices.Count.ShouldBe(48);
        invoices.Sum(invoice => invoice.CreditTotal.Amount).ShouldBe(100m);
        invoices.Sum(invoice => invoice.Prepaid.Amount).ShouldBe(250.05m);
        invoices.Sum(invoice => invoice.Due.Amount).ShouldBe(129.95m);
        foreach (var grant in new[] { promotional, paid })
        {
            (await Billing.Credits.GetAsync(_tenant, grant.Id.ToString(), Token)).Balance.IsZero.ShouldBeTrue();
            var entries = (await Billing.Credits.ListEntriesAsync(_tenant, "acme", new StoreQuery { Limit = Limits.PageSize }.With("grant_id", grant.Id.ToString()), Token)).Items;
            entries.Sum(entry => entry.Amount.Amount).ShouldBe(0m);
            entries.Select(entry => entry.Number).Order().ShouldBe(Enumerable.Range(0, entries.Count));
        }

        // Bought 250.05 and used it whole; owed 480 less both credits.
        (await BooksAsync()).ShouldBe(new Dictionary<AccountKind, decimal>
        {
            [AccountKind.Clearing] = 250.05m, [AccountKind.CustomerCredit] = 0m, [AccountKind.PromotionalExpense] = 100m, [AccountKind.Receivable] = 129.95m, [AccountKind.DeferredRevenue] = 480m,
        }, ignoreOrder: true);
    }

    [Fact]
    public async Task A_coupon_counts_once_for_each_invoice_however_many_run_at_once()
    {
        await CustomerAsync();
        await Billing.Coupons.CreateAsync(_tenant, new Coupon { Code = "TWICE", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Repeating, DurationPeriods = 2 } }, Token);
        var subscriptions = new List<Subscription>();
        foreach (var _ in Enumerable.Range(0, 6))
        {
            subscriptions.Add(await SubscribeAsync("TWICE"));
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>()).Runs.RunAsync(_tenant, April, cancellationToken: Token))));

        foreach (var subscription in subscriptions)
        {
            var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery().With("subscription_id", subscription.Id.ToString()), Token)).Items;
            invoices.OrderBy(invoice => invoice.Period!.Value.Start).Select(invoice => invoice.Total.Amount).ShouldBe([5m, 5m, 10m, 10m]);
            (await Billing.Subscriptions.GetAsync(_tenant, subscription.Id.ToString(), Token)).Coupons.Single().Uses.ShouldBe(2);
        }

        (await Billing.Coupons.GetAsync(_tenant, "TWICE", Token)).Redemptions.ShouldBe(6);
    }

    [Fact]
    public async Task A_limited_coupon_is_redeemed_no_more_often_than_it_may_be()
    {
        await CustomerAsync();
        await Billing.Coupons.CreateAsync(_tenant, new Coupon { Code = "THREE", Terms = new CouponTerms { PercentOff = 50 }, MaxRedemptions = 3 }, Token);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            try
            {
                await SubscribeAsync("THREE");
                return true;
            }
            catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Conflict)
            {
                return false;
            }
        })));

        results.Count(redeemed => redeemed).ShouldBe(3);
        (await Billing.Subscriptions.ListAsync(_tenant, new StoreQuery(), Token)).Items.Count.ShouldBe(3);
        (await Billing.Coupons.GetAsync(_tenant, "THREE", Token)).Redemptions.ShouldBe(3);
    }

    [Fact]
    public async Task A_preview_has_the_credits_coupons_and_taxes_of_the_invoice_that_is_issued()
    {
        await CustomerAsync("DE");
        await Billing.TaxRates.CreateAsync(_tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        await Billing.Coupons.CreateAsync(_tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10 } }, Token);
        var subscription = await SubscribeAsync("TEN");
        await GrantAsync(2m, CreditCategory.Promotional);
        await GrantAsync(3m, CreditCategory.Paid);

        var preview = (await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token))!;
        await Billing.Runs.RunAsync(_tenant, January, cancellationToken: Token);
        var issued = await Billing.Invoices.GetAsync(_tenant, preview.Id.ToString(), Token);

        // 10 − 1 = 9, − 2 = 7, + 1.33 = 8.33, − 3.
        (issued.DiscountTotal.Amount, issued.CreditTotal.Amount, issued.TaxTotal.Amount, issued.Total.Amount, issued.Due.Amount).ShouldBe((1m, 2m, 1.33m, 8.33m, 5.33m));
        Json(issued with { Status = preview.Status, Number = null, Seal = null, IssuedAt = null, DueAt = null, Version = 0 }).ShouldBe(Json(preview));
        (await BooksAsync()).ShouldBe(new Dictionary<AccountKind, decimal>
        {
            [AccountKind.Clearing] = 3m, [AccountKind.CustomerCredit] = 0m, [AccountKind.PromotionalExpense] = 2m, [AccountKind.Receivable] = 5.33m, [AccountKind.DeferredRevenue] = 9m, [AccountKind.TaxPayable] = 1.33m,
        }, ignoreOrder: true);

        await Billing.Invoices.CancelAsync(_tenant, issued.Id.ToString(), Token);
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).ShouldSatisfyAllConditions(balance => balance.Paid.Amount.ShouldBe(3m), balance => balance.Promotional.Amount.ShouldBe(2m));
        (await BooksAsync()).Where(account => account.Value != 0).ShouldBe(new Dictionary<AccountKind, decimal> { [AccountKind.Clearing] = 3m, [AccountKind.CustomerCredit] = 3m }, ignoreOrder: true);
    }

    [Fact]
    public async Task A_low_balance_asks_for_more_once()
    {
        await CustomerAsync();
        var grant = await Billing.Credits.GrantAsync(_tenant, new NewCreditGrant("acme", Money.Of(40, Usd)) { Category = CreditCategory.Paid, TopUp = new AutoTopUp(Money.Of(20, Usd), Amount: Money.Of(50, Usd)) }, Token);
        await PayAsync(15m);
        await PayAsync(15m);
        await PayAsync(5m);

        // 40 − 15 = 25, then 10: that falls below 20.
        (await ToldAsync(grant)).ShouldBe([(10m, 50m)]);
    }

    [Fact]
    public async Task Every_fall_below_the_threshold_is_told_once_whatever_it_came_from()
    {
        await CustomerAsync();
        var rule = await GrantAsync(100m, CreditCategory.Paid, new AutoTopUp(Money.Of(50, Usd), Amount: Money.Of(40, Usd)));
        await PayAsync(70m);
        var bought = await GrantAsync(40m, CreditCategory.Paid);
        await PayAsync(30m);
        await GrantAsync(40m, CreditCategory.Promotional);
        await Billing.Credits.VoidAsync(_tenant, bought.Id.ToString(), Token);

        // 100 − 70 = 30; + 40 − 30 = 40; + 40 = 80, less the 40 that were left of what was bought.
        (await ToldAsync(rule)).ShouldBe([(30m, 40m), (40m, 40m), (40m, 40m)]);
    }

    [Fact]
    public async Task A_fall_by_expiry_is_told_once_and_one_that_a_refill_makes_good_is_not()
    {
        // As it was on the first of January: 100 that end on the first of April, and 20 that are filled up each month.
        var customer = await CustomerAsync();
        var grants = new[]
        {
            Grant(customer, 100, new GrantPeriod(January, April)),
            Grant(customer, 20, new GrantPeriod(January)) with { Recurrence = new GrantRecurrence(new BillingInterval(IntervalUnit.Month, 1), Money.Zero(Usd)), TopUp = new AutoTopUp(Money.Of(20, Usd), Target: Money.Of(30, Usd)) },
            Grant(customer, 1, new GrantPeriod(January)) with { TopUp = new AutoTopUp(Money.Of(30, Usd), Target: Money.Of(120, Usd)) },
        }.Select(grant => grant.Opened()).ToArray();
        await fixture.Get<ICreditStore>().SaveAsync(_tenant, grants, [], Token);

        await Task.WhenAll(fixture.Get<BillingWorker>().RunOnceAsync(Token), fixture.GetFromAnotherNode<BillingWorker>().RunOnceAsync(Token));
        await fixture.Get<BillingWorker>().RunOnceAsync(Token);

        // 121 before April, 21 since: below 30 once, and never below 20.
        (await ToldAsync(grants[2])).ShouldBe([(21m, 99m)]);
        (await ToldAsync(grants[1])).ShouldBeEmpty();

        await PayAsync(2m);
        (await ToldAsync(grants[1])).ShouldBe([(19m, 11m)]);
    }

    [Fact]
    public async Task Of_invoices_that_use_different_credit_at_the_same_time_one_sees_the_balance_fall()
    {
        var customer = await CustomerAsync();
        var rule = await GrantAsync(1m, CreditCategory.Paid, new AutoTopUp(Money.Of(100, Usd), Amount: Money.Of(100, Usd)));
        for (var round = 0; round < 6; round++)
        {
            // Below the threshold only once the second grant is withdrawn, whichever that is.
            var (one, two) = (await GrantAsync(90m, CreditCategory.Paid), await GrantAsync(90m, CreditCategory.Paid));
            var more = await GrantAsync(80m, CreditCategory.Paid);
            var ids = new[] { one.Id, two.Id };
            await Task.WhenAll(ids.Select((id, i) => Task.Run(() => (i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>()).Credits.VoidAsync(_tenant, id.ToString(), Token))));
            (await ToldAsync(rule)).Count.ShouldBe(1 + round + 1);
            await Billing.Credits.VoidAsync(_tenant, more.Id.ToString(), Token);
        }
    }

    [Fact]
    public async Task A_rule_that_begins_as_the_credit_falls_is_told_once_whichever_comes_first()
    {
        await CustomerAsync(); // 60 and the rule's 10 are enough; without the 60 they are not, whether those go before the rule begins or after it.
        for (var round = 0; round < 12; round++)
        {
            var other = (await GrantAsync(60m, CreditCategory.Paid)).Id.ToString();
            var withdrawn = Task.Run(() => fixture.GetFromAnotherNode<Billing>().Credits.VoidAsync(_tenant, other, Token));
            var rule = await GrantAsync(10m, CreditCategory.Paid, new AutoTopUp(Money.Of(50, Usd), Amount: Money.Of(40, Usd)));
            await withdrawn;
            (await ToldAsync(rule)).ShouldBe([(10m, 40m)], $"round {round}");
            await Billing.Credits.VoidAsync(_tenant, rule.Id.ToString(), Token);
        }
    }

    [Fact]
    public async Task Of_rules_that_begin_at_the_same_time_the_second_sees_the_credit_of_the_first()
    {
        await CustomerAsync(); // 30 alone are below 50, and 60 are not.
        for (var round = 0; round < 12; round++)
        {
            var rules = await Task.WhenAll(new[] { Billing, fixture.GetFromAnotherNode<Billing>() }.Select(node => Task.Run(() => node.Credits.GrantAsync(
                _tenant, new NewCreditGrant("acme", Money.Of(30, Usd)) { Category = CreditCategory.Paid, TopUp = new AutoTopUp(Money.Of(50, Usd), Amount: Money.Of(40, Usd)) }, Token))));
            (await ToldAsync(rules[0])).Concat(await ToldAsync(rules[1])).ShouldBe([(30m, 40m)], $"round {round}");
            await Task.WhenAll(rules.Select(rule => Billing.Credits.VoidAsync(_tenant, rule.Id.ToString(), Token)));
        }
    }

    [Fact]
    public async Task Credit_that_is_below_its_threshold_from_the_start_asks_for_more()
    {
        await CustomerAsync();
        var low = await GrantAsync(10m, CreditCategory.Paid, new AutoTopUp(Money.Of(20, Usd), Amount: Money.Of(15, Usd)));
        (await ToldAsync(low)).ShouldBe([(10m, 15m)]);
        (await ToldAsync(await GrantAsync(15m, CreditCategory.Paid, new AutoTopUp(Money.Of(20, Usd), Amount: Money.Of(15, Usd))))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Bought_credit_that_runs_out_is_breakage_and_a_recurring_grant_is_filled_up()
    {
        var customer = await CustomerAsync();
        var grant = (Grant(customer, 25, new GrantPeriod(January, April)) with { Recurrence = new GrantRecurrence(new BillingInterval(IntervalUnit.Month, 1), Money.Of(5, Usd)) }).Opened();
        await fixture.Get<ICreditStore>().SaveAsync(_tenant, [grant], [], Token);

        await fixture.Get<BillingWorker>().RunOnceAsync(Token);
        await fixture.GetFromAnotherNode<BillingWorker>().RunOnceAsync(Token);

        // February: 20 expire, 25 come; March: 25 of the 30 expire, 25 come; April: 30 expire.
        var entries = (await Billing.Credits.ListEntriesAsync(_tenant, "acme", new StoreQuery(), Token)).Items.Reverse();
        entries.Select(entry => (entry.Kind, entry.Amount.Amount)).ShouldBe([
            (CreditEntryKind.Granted, 25m), (CreditEntryKind.Expired, -20m), (CreditEntryKind.Refilled, 25m), (CreditEntryKind.Expired, -25m), (CreditEntryKind.Refilled, 25m), (CreditEntryKind.Expired, -30m)]);
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Total.IsZero.ShouldBeTrue();
        (await BooksAsync()).ShouldBe(new Dictionary<AccountKind, decimal> { [AccountKind.Clearing] = 50m, [AccountKind.CustomerCredit] = -25m, [AccountKind.Revenue] = 75m }, ignoreOrder: true);
    }

    private CreditGrant Grant(Customer customer, decimal amount, GrantPeriod period) => new()
    {
        Id = EntityId.New<CreditGrantId>(), Tenant = _tenant, Customer = customer.Id, Category = CreditCategory.Paid, Amount = Money.Of(amount, Usd), Balance = Money.Zero(Usd), Period = period, AsOf = January, CreatedAt = January,
    };

    private static string Json(Invoice invoice) => System.Text.Json.JsonSerializer.Serialize(invoice, BillingJson.Options);

    private async Task<Customer> CustomerAsync(string? country = null)
    {
        var fee = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "fee", Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(10m), Timing = BillingTiming.InAdvance } }, Token);
        await Billing.Plans.CreateAsync(_tenant, new Plan { Code = "team", Name = "Team", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(fee)])] }, Token);
        await Billing.Plans.PublishAsync(_tenant, "team", Token);
        return await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd, Country = country }, Token);
    }

    private Task<CreditGrant> GrantAsync(decimal amount, CreditCategory category, AutoTopUp? topUp = null) =>
        Billing.Credits.GrantAsync(_tenant, new NewCreditGrant("acme", Money.Of(amount, Usd)) { Category = category, TopUp = topUp }, Token);

    private async Task PayAsync(decimal amount)
    {
        var draft = await Billing.Invoices.CreateAsync(_tenant, new NewInvoice("acme", Usd, [new NewInvoiceLine("Work", amount)]), Token);
        (await Billing.Invoices.IssueAsync(_tenant, draft.Id.ToString(), Token)).Status.ShouldBe(InvoiceStatus.Paid);
    }

    // The balance and what is to be bought.
    private async Task<List<(decimal Balance, decimal Amount)>> ToldAsync(CreditGrant grant) =>
        [.. (await fixture.Get<IOutboxStore>().OfSubjectAsync(_tenant, grant.Id.ToString(), Token)).Where(item => item.Event.Type == "credit.top_up_due").Select(item => System.Text.Json.JsonElement.Parse(item.Event.Data)).Select(data => (Of(data, "balance"), Of(data, "amount")))];

    private static decimal Of(System.Text.Json.JsonElement data, string field) => data.GetProperty(field).GetProperty("minor").GetInt64() / 100m;

    private Task<Subscription> SubscribeAsync(params string[] coupons) =>
        Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription("acme", "team") { StartAt = January, Coupons = [.. coupons] }, Token);

    private async Task<Dictionary<AccountKind, decimal>> BooksAsync()
    {
        var trial = await Billing.Books.TrialBalanceAsync(_tenant, null, Token);
        trial.Totals.ShouldAllBe(total => total.Debits == total.Credits);
        return trial.Lines.ToDictionary(line => line.Account.Kind, line => line.Account.Asset.ToMajorUnits(line.Net));
    }
}

public sealed class SqliteCreditRunTests(SqliteFixture fixture) : CreditRunTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresCreditRunTests(PostgresFixture fixture) : CreditRunTests(fixture), IClassFixture<PostgresFixture>;
