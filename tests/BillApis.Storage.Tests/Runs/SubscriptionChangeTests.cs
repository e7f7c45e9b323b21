using System.Collections.Immutable;
using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Outbox;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Changes on a real database: raced by two nodes and by runs, left by a crash before they were billed, and caused by payments.</summary>
public abstract class SubscriptionChangeTests(StoreFixture fixture)
{
    private const int Changes = 8;
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Instant Now => fixture.Get<IClock>().GetCurrentInstant();

    [Fact]
    public async Task Changes_at_once_all_take_effect_one_after_another()
    {
        var id = (await SubscribeAsync(Now)).Id.ToString();
        await Billing.Runs.RunAsync(_tenant, Now, cancellationToken: Token);

        var work = Enumerable.Range(1, Changes).Select(i => Task.Run(() => Node(i).Changes.ApplyAsync(_tenant, id, Seats(i), Token) as Task))
            .Concat(Enumerable.Range(0, 4).Select(i => Task.Run(() => Node(i).Runs.RunAsync(_tenant, Now, cancellationToken: Token) as Task)));
        await Task.WhenAll(work);
        await Billing.Runs.RunAsync(_tenant, Now, cancellationToken: Token);

        var subscription = await Billing.Subscriptions.GetAsync(_tenant, id, Token);
        (subscription.Timeline.Entries.Length, subscription.EntriesBilled).ShouldBe((Changes, Changes));
        subscription.Timeline.Entries.Select(entry => entry.Quantities["seats"]).Order().ShouldBe(Enumerable.Range(1, Changes).Select(i => (decimal)i));
        var invoices = await InvoicesAsync();
        invoices.Select(invoice => invoice.Number!.Value).Order().ShouldBe(Enumerable.Range(1, invoices.Count).Select(number => (long)number));

        // Some seconds of a month are less than a cent: what is left to pay is the last number of seats.
        Math.Abs(invoices.Sum(invoice => invoice.Total.Amount) - (4 * subscription.Timeline.Entries[^1].Quantities["seats"])).ShouldBeLessThan(0.10m);
        await ShouldBalanceAsync();
    }

    [Fact]
    public async Task A_change_beside_runs_over_past_periods_bills_each_period_once()
    {
        var subscriptions = new List<Subscription>();
        for (var i = 0; i < 6; i++)
        {
            subscriptions.Add(await SubscribeAsync(Now - Duration.FromDays(200)));
        }

        var work = Enumerable.Range(0, 6).Select(i => Task.Run(() => Node(i).Runs.RunAsync(_tenant, Now, cancellationToken: Token) as Task))
            .Concat(subscriptions.Select((subscription, i) => Task.Run(() => Node(i).Changes.ApplyAsync(_tenant, subscription.Id.ToString(), Seats(5), Token) as Task)));
        await Task.WhenAll(work);
        await Billing.Runs.RunAsync(_tenant, Now, cancellationToken: Token);

        foreach (var invoices in (await InvoicesAsync()).GroupBy(invoice => invoice.Subscription))
        {
            var whole = invoices.SelectMany(invoice => invoice.Lines).Where(line => line.Factor.IsWhole).ToList();
            whole.Select(line => line.Period).Distinct().Count().ShouldBe(7, "seven months have begun");
            whole.ShouldAllBe(line => line.Amount.Amount == 12m);
            var change = invoices.MaxBy(invoice => invoice.Sequence)!;
            change.Lines.Select(line => line.Kind).ShouldBe([LineKind.Seat, LineKind.UnusedTime]);
            Math.Abs((change.Lines[0].Amount.Amount / 5) + (change.Lines[1].Amount.Amount / 3)).ShouldBeLessThan(0.01m);
        }

        await ShouldBalanceAsync();
    }

    [Fact]
    public async Task A_change_that_was_recorded_before_a_crash_is_billed_by_the_worker()
    {
        var id = (await SubscribeAsync(Now)).Id.ToString();
        await Billing.Runs.RunAsync(_tenant, Now, cancellationToken: Token);
        var preview = await Billing.Changes.PreviewAsync(_tenant, id, Seats(9), Token);
        await fixture.Get<ISubscriptionStore>().SaveAsync(_tenant, [preview.Subscription], [], Token);

        (await Billing.Runs.RunAsync(_tenant, Now, cancellationToken: Token)).InvoicesCreated.ShouldBe(1);

        var billed = await Billing.Invoices.GetAsync(_tenant, preview.Invoice!.Id.ToString(), Token);
        System.Text.Json.JsonSerializer.Serialize(billed.Lines, BillingJson.Options).ShouldBe(System.Text.Json.JsonSerializer.Serialize(preview.Invoice.Lines, BillingJson.Options));
        (await Billing.Runs.RunAsync(_tenant, Now, cancellationToken: Token)).InvoicesCreated.ShouldBe(0);
    }

    [Fact]
    public async Task The_first_payment_activates_and_what_is_overdue_makes_it_past_due()
    {
        var id = (await SubscribeAsync(Now, awaitsPayment: true)).Id.ToString();
        await Billing.Runs.RunAsync(_tenant, Now, cancellationToken: Token);
        var waiting = await Billing.Subscriptions.GetAsync(_tenant, id, Token);
        (waiting.StatusAt(Now), waiting.NextBillingAt, waiting.IsOver).ShouldBe((SubscriptionStatus.Pending, null, false));

        var invoice = (await InvoicesAsync()).Single();
        var late = invoice.MarkOverdue(invoice.DueAt!.Value + Duration.Epsilon);
        await fixture.Get<IInvoiceStore>().SaveAsync(_tenant, [late], [new BillingEvent("invoice.overdue", late.Id.ToString(), Now)], Token);
        await fixture.Get<OutboxDispatcher>().DispatchAsync(_tenant, Token);
        (await Billing.Subscriptions.GetAsync(_tenant, id, Token)).Timeline.StateAt(Now).IsPastDue.ShouldBeTrue();

        await Billing.Invoices.PayAsync(_tenant, invoice.Id.ToString(), 12m, "transfer", Token);
        var active = await Billing.Subscriptions.GetAsync(_tenant, id, Token);
        active.StatusAt(Now).ShouldBe(SubscriptionStatus.Active);
        active.NextBillingAt.ShouldNotBeNull();
        active.Timeline.Entries.Select(entry => entry.Kind).ShouldBe([TimelineKind.PastDue, TimelineKind.Activated, TimelineKind.Settled]);
    }

    [Fact]
    public async Task All_subscriptions_of_a_plan_move_to_its_new_version_once()
    {
        var before = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            before.Add((await SubscribeAsync(Now)).Id.ToString());
        }

        await Billing.Runs.RunAsync(_tenant, Now, cancellationToken: Token);
        var dearer = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "seats-2", Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(10m), Timing = BillingTiming.InAdvance } }, Token);
        await Billing.Plans.AddVersionAsync(_tenant, "team", Token);
        await Billing.Plans.UpdateAsync(_tenant, "team", plan => plan.WithDraft(draft => draft with { Items = [new PlanItem(dearer, 3)] }), Token);
        await Billing.Plans.PublishAsync(_tenant, "team", Token);
        var change = new ChangePlan("team") { When = ChangeWhen.Immediate };

        var asked = await Billing.Migrations.RunAsync(_tenant, "team", change, dryRun: true, new StoreQuery { Limit = 3 }, Token);
        asked.Items.Count.ShouldBe(3);
        var moved = new List<MigratedSubscription>();
        for (string? next = null; ;)
        {
            var page = await Billing.Migrations.RunAsync(_tenant, "team", change, dryRun: false, new StoreQuery { Limit = 3, After = next }, Token);
            moved.AddRange(page.Items);
            if ((next = page.Next) is null)
            {
                break;
            }
        }

        moved.Select(item => item.Subscription.ToString()).Order().ShouldBe(before.Order());
        moved.ShouldAllBe(item => item.Refusal == null && item.Invoice!.Total.Amount > 17.9m && item.Invoice.Total.Amount <= 18m);
        (await Billing.Migrations.RunAsync(_tenant, "team", change, dryRun: false, new StoreQuery(), Token)).Items.ShouldBeEmpty();
    }

    private Billing Node(int i) => i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>();

    private static ChangeQuantities Seats(int seats) => new(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", seats));

    private async Task<IReadOnlyList<Invoice>> InvoicesAsync() => (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;

    private async Task<Subscription> SubscribeAsync(Instant start, bool awaitsPayment = false)
    {
        if (await Billing.Plans.FindAsync(_tenant, "team", Token) is null)
        {
            var seats = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "seats", Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(4m), Timing = BillingTiming.InAdvance } }, Token);
            await Billing.Plans.CreateAsync(_tenant, new Plan { Code = "team", Name = "Team", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(seats, 3)])] }, Token);
            await Billing.Plans.PublishAsync(_tenant, "team", Token);
        }

        var customer = await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", Currency = Usd }, Token);
        return await Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription(customer.Id.ToString(), "team") { StartAt = start, AwaitsPayment = awaitsPayment }, Token);
    }

    private async Task ShouldBalanceAsync()
    {
        var trial = await Billing.Books.TrialBalanceAsync(_tenant, null, Token);
        trial.Totals.ShouldAllBe(total => total.Debits == total.Credits);
        var open = (await InvoicesAsync()).Sum(invoice => invoice.Due.MinorUnits);
        var receivable = trial.Lines.Where(line => line.Account.Kind is AccountKind.Receivable).Sum(line => line.Debits - line.Credits);
        receivable.ShouldBe(open);
    }
}

public sealed class SqliteSubscriptionChangeTests(SqliteFixture fixture) : SubscriptionChangeTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresSubscriptionChangeTests(PostgresFixture fixture) : SubscriptionChangeTests(fixture), IClassFixture<PostgresFixture>;
