using BillApis.Conformance;
using BillApis.Invoicing;

namespace BillApis.Storage.Tests.Taxes;

public sealed class SqliteTaxTablesTests(SqliteFixture fixture) : TaxCalculatorConformance(fixture), IClassFixture<SqliteFixture>
{
    protected override Task PrepareAsync(TenantId tenant) => TaxRows.AddAsync(fixture, tenant);
}

public sealed class PostgresTaxTablesTests(PostgresFixture fixture) : TaxCalculatorConformance(fixture), IClassFixture<PostgresFixture>
{
    protected override Task PrepareAsync(TenantId tenant) => TaxRows.AddAsync(fixture, tenant);
}

public sealed class FixedTaxesTests(SqliteFixture fixture) : TaxCalculatorConformance(fixture), IClassFixture<SqliteFixture>
{
    protected override ITaxCalculator Calculator { get; } = new FixedTaxes(new Tax { Name = "VAT", Country = "DE", Percentage = 19 });

    protected override Task PrepareAsync(TenantId tenant) => Task.CompletedTask;
}

internal static class TaxRows
{
    public static async Task AddAsync(StoreFixture fixture, TenantId tenant)
    {
        var rates = fixture.Get<Billing>().TaxRates;
        await rates.CreateAsync(tenant, new TaxRate { Country = "DE", TaxCategory = "taxed", Percentage = 19 });
        await rates.CreateAsync(tenant, new TaxRate { Country = "FR", Percentage = 20 });
        var archived = await rates.CreateAsync(tenant, new TaxRate { Country = "DE", TaxCategory = "taxed", Percentage = 25 });
        await rates.ArchiveAsync(tenant, archived.Id.ToString());
    }
}
