using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Outbox;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Ledger;

/// <summary>Whatever is billed in advance, credited and withdrawn in whatever order: what is deferred and what is earned are what was invoiced, by a count of days that is not ours.</summary>
public abstract class RevenueBooksTests(StoreFixture fixture)
{
    private const int Operations = 30;
    private const int Seed = 20261127;
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly Random _random = new(Seed);
    private int _customers;

    private Billing Billing => fixture.Get<Billing>();

    private Instant Now => fixture.Get<IClock>().GetCurrentInstant();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_any_operation_deferred_and_earned_are_what_was_invoiced()
    {
        var terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(99.99m), Timing = BillingTiming.InAdvance };
        var price = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "fee", Terms = terms }, Token);
        await Billing.Plans.CreateAsync(_tenant, new Plan { Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] }, Token);
        await Billing.Plans.PublishAsync(_tenant, "pro", Token);
        var refused = 0;
        for (var i = 1; i <= Operations; i++)
        {
            try
            {
                await OperateAsync();
            }
            catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Conflict)
            {
                refused++;
            }

            await fixture.Get<RevenueRelease>().ReleaseAsync(Token);
            await ShouldAgreeAsync($"operation {i}, seed {Seed}");
        }

        refused.ShouldBeLessThan(Operations / 2, "too few operations did anything");
        var before = await Billing.Books.TrialBalanceAsync(_tenant, null, Token);
        (await Billing.Books.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
        await Billing.Books.RebuildAsync(_tenant, Token);
        (await Billing.Books.TrialBalanceAsync(_tenant, null, Token)).Lines.ShouldBe(before.Lines);
    }

    [Fact]
    public async Task An_invoice_whose_event_an_earlier_version_stored_gets_its_schedule_once()
    {
        // That version made schedules as it carried the event out: the invoice is stored without one.
        var customer = await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", Currency = Usd }, Token);
        var (now, invoices, schedules) = (Now, fixture.Get<IInvoiceStore>(), fixture.Get<IRevenueScheduleStore>());
        var line = new InvoiceLine { Id = EntityId.New<InvoiceLineId>(), Kind = LineKind.Flat, Description = "Fee", Quantity = 1, Amount = Money.Of(31, Usd), Period = new Interval(now, now + Duration.FromDays(31)), InAdvance = true };
        var invoice = new Invoice { Id = EntityId.New<InvoiceId>(), Tenant = _tenant, Customer = customer.Id, Kind = InvoiceKind.OneOff, Currency = Usd, Lines = [line], CreatedAt = now }.Issue(now, 30);
        (await invoices.SaveAsync(_tenant, [invoice], [new BillingEvent("invoice.issued", invoice.Id.ToString(), now)], Token)).ShouldBe(SaveResult.Saved);
        (await schedules.FindAsync(_tenant, RevenueSchedule.IdOf(_tenant, line.Id).ToString(), Token)).ShouldBeNull();
        for (var i = 0; i < 2; i++)
        {
            await fixture.Get<OutboxDispatcher>().DispatchAsync(_tenant, Token);
            (await schedules.FindAsync(_tenant, RevenueSchedule.IdOf(_tenant, line.Id).ToString(), Token))!.Amount.ShouldBe(Money.Of(31, Usd));
        }

        // Of those that are issued now, the event says that there is one.
        var issued = await Billing.Invoices.IssueAsync(_tenant, (await Billing.Invoices.CreateAsync(_tenant, new NewInvoice(customer.Id.ToString(), Usd, [new NewInvoiceLine("Work", 5, 1)]), Token)).Id.ToString(), Token);
        (await fixture.Get<IOutboxStore>().OfSubjectAsync(_tenant, issued.Id.ToString(), Token)).Single(item => item.Event.Type is "invoice.issued").Event.Data.ShouldBe(InvoicePosting.Scheduled);
    }

    private async Task OperateAsync()
    {
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        var memos = (await Billing.CreditMemos.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        switch (_random.Next(8))
        {
            case 1 when invoices.Count > 0:
                await Billing.Invoices.CancelAsync(_tenant, invoices[_random.Next(invoices.Count)].Id.ToString(), Token);
                break;
            case 2 or 3 or 4 when invoices.Count > 0:
                var credited = invoices[_random.Next(invoices.Count)];
                await Billing.CreditMemos.CreateAsync(_tenant, new NewCreditMemo(credited.Id.ToString(), "Goodwill") { Amount = _random.Next(1, 5_000) / 100m }, Token);
                break;
            case 5 when memos.Count > 0:
                await Billing.CreditMemos.CancelAsync(_tenant, memos[_random.Next(memos.Count)].Id.ToString(), Token);
                break;
            case 6 when invoices.FirstOrDefault(invoice => invoice.IsOpen) is { } open:
                await Billing.Invoices.PayAsync(_tenant, open.Id.ToString(), open.Due.Amount, null, Token);
                break;
            default:
                await SubscribeAsync();
                break;
        }
    }

    // From a midnight of the last hundred days on, billed until now.
    private async Task SubscribeAsync()
    {
        var now = Now;
        var start = now.InUtc().Date.PlusDays(-_random.Next(1, 100)).AtMidnight().InUtc().ToInstant();
        var customer = await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = $"acme-{++_customers}", Currency = Usd }, Token);
        await Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription(customer.Id.ToString(), "pro") { StartAt = start }, Token);
        await Billing.Runs.RunAsync(_tenant, now, customer.Id.ToString(), cancellationToken: Token);
    }

    private async Task ShouldAgreeAsync(string where)
    {
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items.Where(invoice => invoice.Status is not (InvoiceStatus.Draft or InvoiceStatus.Canceled)).ToList();
        var memos = (await Billing.CreditMemos.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items.Where(memo => memo.Status is CreditMemoStatus.Issued).ToList();
        var trial = await Billing.Books.TrialBalanceAsync(_tenant, null, Token);
        decimal Net(AccountKind kind) => trial.Lines.Where(line => line.Account.Kind == kind).Sum(line => line.Account.Asset.ToMajorUnits(line.Net));
        var net = invoices.Sum(invoice => invoice.Subtotal.Amount) - memos.Sum(memo => memo.Total.Amount);

        trial.Totals.ShouldAllBe(total => total.Debits == total.Credits, where);
        (Net(AccountKind.DeferredRevenue) + Net(AccountKind.Revenue)).ShouldBe(net, where);
        Net(AccountKind.Receivable).ShouldBe(invoices.Sum(invoice => invoice.Due.Amount), where);
        Net(AccountKind.Revenue).ShouldBe(invoices.Sum(invoice => Earned(invoice, memos.Where(memo => memo.Invoice == invoice.Id).Sum(memo => memo.Total.MinorUnits))) / 100m, where);
    }

    // Whole days of whole cents: each day has the same, and the first ones a cent more.
    private long Earned(Invoice invoice, long credited)
    {
        var (period, cents) = (invoice.Period!.Value, invoice.Subtotal.MinorUnits - credited);
        var days = period.Duration.Days;
        var over = Math.Clamp((Now - period.Start).Days, 0, days);
        return (over * (cents / days)) + Math.Min(over, cents % days);
    }
}

public sealed class SqliteRevenueBooksTests(SqliteFixture fixture) : RevenueBooksTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresRevenueBooksTests(PostgresFixture fixture) : RevenueBooksTests(fixture), IClassFixture<PostgresFixture>;

public sealed class SqliteRevenueScheduleStoreTests(SqliteFixture fixture) : RevenueScheduleStoreConformance(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresRevenueScheduleStoreTests(PostgresFixture fixture) : RevenueScheduleStoreConformance(fixture), IClassFixture<PostgresFixture>;
