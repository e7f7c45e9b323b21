using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="IInvoiceStore"/> must do beside <see cref="StoreConformance"/>; derive once for each database.</summary>
public abstract class InvoiceStoreConformance(StoreFixture fixture)
{
    private static readonly Instant January = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private IInvoiceStore Store => fixture.Get<IInvoiceStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invoice_reads_back_whole_by_id_and_by_number()
    {
        var invoice = NewInvoice().Issue(January, 30);
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, [invoice], [], Token));

        var read = (await Store.FindAsync(_tenant, "INV-000001", Token))!;

        Assert.Equal(invoice.Id, read.Id);
        Assert.Equal((1L, InvoiceStatus.Issued, invoice.Total, January + Duration.FromDays(30)), (read.Number, read.Status, read.Total, read.DueAt));
        var (expected, actual) = (invoice.Lines.Single(), read.Lines.Single());
        Assert.Equal((expected.Id, expected.Kind, expected.Quantity, expected.UnitAmount, expected.Amount, expected.Period, expected.Factor, expected.InAdvance), (actual.Id, actual.Kind, actual.Quantity, actual.UnitAmount, actual.Amount, actual.Period, actual.Factor, actual.InAdvance));
        Assert.Equal(expected.Tiers.AsEnumerable(), actual.Tiers.AsEnumerable());
        Assert.Equal(expected.Group, actual.Group);
    }

    [Fact]
    public async Task Invoices_are_stored_with_their_schedules_or_not_at_all()
    {
        var (first, second) = (InAdvance(NewInvoice()), InAdvance(NewInvoice()));
        var schedule = RevenueSchedule.Of(first).Single();

        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, new InvoiceWrite([first], []) { Schedules = [schedule] }, Token));
        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, new InvoiceWrite([second], []) { Schedules = [.. RevenueSchedule.Of(second), schedule] }, Token));

        Assert.Null(await Store.FindAsync(_tenant, second.Id.ToString(), Token));
        Assert.Equal(schedule.Id, Assert.Single((await fixture.Get<IRevenueScheduleStore>().ListAsync(_tenant, new StoreQuery(), Token)).Items).Id);

        static Invoice InAdvance(Invoice invoice) => (invoice with { Lines = [.. invoice.Lines.Select(line => line with { InAdvance = true })] }).Issue(January, 30);
    }

    [Fact]
    public async Task Numbers_have_no_gaps_however_many_issue_at_once_and_however_many_fail()
    {
        var taken = NewInvoice().Issue(January, 30);
        await Store.SaveAsync(_tenant, [taken], [], Token);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            var store = i % 2 == 0 ? Store : fixture.GetFromAnotherNode<IInvoiceStore>();
            Invoice[] batch = i % 4 == 3 ? [NewInvoice().Issue(January, 30), taken] : [NewInvoice().Issue(January, 30)];
            Assert.Equal(i % 4 == 3 ? SaveResult.Conflict : SaveResult.Saved, await store.SaveAsync(_tenant, batch, [], Token));
        })));

        var numbers = (await Store.ListAsync(_tenant, new StoreQuery { Limit = 100 }, Token)).Items.Select(item => item.Number!.Value).Order();
        Assert.Equal(Enumerable.Range(1, 31).Select(number => (long)number), numbers);
    }

    [Fact]
    public async Task Of_two_corrections_of_the_same_bills_one_is_stored()
    {
        var (one, other) = (EntityId.New<SubscriptionId>(), EntityId.New<SubscriptionId>());
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, [Correcting(one, 1), Correcting(other, 1)], [], Token));
        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, [NewInvoice().Issue(January, 30), Correcting(one, 1)], [], Token));
        Assert.False(await Store.TakeCorrectionAsync(_tenant, one, 1, Token));
        Assert.True(await Store.TakeCorrectionAsync(_tenant, one, 2, Token));

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? Store : fixture.GetFromAnotherNode<IInvoiceStore>()).SaveAsync(_tenant, [Correcting(one, 3)], [], Token))));
        Assert.Single(results, SaveResult.Saved);
        var counts = await Store.CountCorrectionsAsync(_tenant, [one, other, SubscriptionId.Of(default)], Token);
        Assert.Equal((3, 1, 0), (counts[one], counts[other], counts[SubscriptionId.Of(default)]));
        Assert.Equal(0, (await Store.CountCorrectionsAsync(EntityId.New<TenantId>(), [one], Token))[one]);
        Assert.Equal([1L, 2, 3], (await Store.ListAsync(_tenant, new StoreQuery(), Token)).Items.Select(item => item.Number!.Value).Order());
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, [(await Store.ListAsync(_tenant, new StoreQuery(), Token)).Items[0].WriteOff()], [], Token));
    }

    [Fact]
    public async Task A_draft_has_no_number_and_keeps_the_one_it_gets()
    {
        var draft = NewInvoice();
        await Store.SaveAsync(_tenant, [draft], [], Token);
        Assert.Null((await ReadAsync(draft)).Number);

        await Store.SaveAsync(_tenant, [(await ReadAsync(draft)).Issue(January, 30)], [], Token);
        await Store.SaveAsync(_tenant, [(await ReadAsync(draft)).Cancel()], [], Token);

        Assert.Equal((1L, InvoiceStatus.Canceled, 3L), ((await ReadAsync(draft)).Number!.Value, (await ReadAsync(draft)).Status, (await ReadAsync(draft)).Version));
    }

    [Fact]
    public async Task One_subscription_period_kind_and_sequence_has_one_invoice_whatever_its_id()
    {
        var first = NewInvoice();
        await Store.SaveAsync(_tenant, [first], [], Token);

        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, [first with { Id = EntityId.New<InvoiceId>() }], [], Token));
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, [first with { Id = EntityId.New<InvoiceId>(), Sequence = 1 }], [], Token));
    }

    [Fact]
    public async Task What_is_past_due_is_found_until_it_is_marked()
    {
        var invoice = NewInvoice().Issue(January, 1);
        await Store.SaveAsync(_tenant, [invoice], [], Token);
        var later = January + Duration.FromDays(2);

        var late = Assert.Single(await Store.PastDueAsync(later, 500, Token), item => item.Id == invoice.Id);
        Assert.DoesNotContain(await Store.PastDueAsync(January + Duration.FromDays(1), 500, Token), item => item.Id == invoice.Id);
        await Store.SaveAsync(_tenant, [late.MarkOverdue(later)], [], Token);

        Assert.DoesNotContain(await Store.PastDueAsync(later, 500, Token), item => item.Id == invoice.Id);
    }

    private async Task<Invoice> ReadAsync(Invoice invoice) => (await Store.FindAsync(_tenant, invoice.Id.ToString(), Token))!;

    private Invoice Correcting(SubscriptionId subscription, int number) =>
        (NewInvoice() with { Subscription = subscription, Kind = InvoiceKind.Supplementary, Sequence = number, Correction = number }).Issue(January, 30);

    private Invoice NewInvoice() => new()
    {
        Id = EntityId.New<InvoiceId>(),
        Tenant = _tenant,
        Customer = EntityId.New<CustomerId>(),
        Subscription = EntityId.New<SubscriptionId>(),
        Kind = InvoiceKind.Subscription,
        Currency = Usd,
        Period = new Interval(January, Instant.FromUtc(2026, 2, 1, 0, 0)),
        CreatedAt = January,
        Lines =
        [
            new InvoiceLine
            {
                Id = EntityId.New<InvoiceLineId>(),
                Kind = LineKind.Usage,
                Description = "Crédit – « été »",
                Price = EntityId.New<PriceId>(),
                Quantity = 1234.5678m,
                UnitAmount = 0.000001234567m,
                Amount = Money.FromMinorUnits(1234, Usd),
                Period = new Interval(January, Instant.FromUtc(2026, 2, 1, 0, 0)),
                Factor = new ProrationFactor(17, 31),
                InAdvance = true,
                Tiers = [new RatedTier(0, 10, 10, 0.5m, 1, 6), new RatedTier(10, null, 2.5m, 0.25m, 0, 0.625m)],
            },
        ],
    };
}
