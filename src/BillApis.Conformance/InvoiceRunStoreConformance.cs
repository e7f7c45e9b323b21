using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="IInvoiceRunStore"/> must do beside <see cref="StoreConformance"/>; derive once for each database.</summary>
public abstract class InvoiceRunStoreConformance(StoreFixture fixture)
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 1, 1, 12, 0);
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private IInvoiceRunStore Store => fixture.Get<IInvoiceRunStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_without_progress_is_found_until_it_is_done()
    {
        var run = new InvoiceRun
        {
            Id = EntityId.New<InvoiceRunId>(), Tenant = _tenant, AsOf = Noon, ProgressAt = Noon, CreatedAt = Noon,
            Failures = [new RunFailure(EntityId.New<SubscriptionId>(), Noon, "« é »")], Totals = [Money.Of(1.23m, Currency.Parse("USD"))],
        };
        await Store.SaveAsync(_tenant, [run], [], Token);

        var read = Assert.Single(await Store.StalledAsync(Noon + Duration.FromSeconds(1), 500, Token), item => item.Id == run.Id);
        Assert.Equal((run.Failures[0], run.Totals[0], 1L), (read.Failures[0], read.Totals[0], read.Version));
        Assert.DoesNotContain(await Store.StalledAsync(Noon, 500, Token), item => item.Id == run.Id);

        await Store.SaveAsync(_tenant, [read with { Status = InvoiceRunStatus.Completed }], [], Token);
        Assert.DoesNotContain(await Store.StalledAsync(Noon + Duration.FromSeconds(1), 500, Token), item => item.Id == run.Id);
    }
}
