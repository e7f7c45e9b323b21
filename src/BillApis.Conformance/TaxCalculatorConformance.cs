using BillApis.Invoicing;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="ITaxCalculator"/> must do; derive once for each.</summary>
public abstract class TaxCalculatorConformance(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    /// <summary>The one under test; the engine's own where a suite names no other.</summary>
    protected virtual ITaxCalculator Calculator => fixture.Get<ITaxCalculator>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Prepares that lines of the category <c>taxed</c> bear a tax in DE; others may bear one too.</summary>
    protected abstract Task PrepareAsync(TenantId tenant);

    [Fact]
    public async Task Every_line_of_every_query_gets_an_answer_in_its_place()
    {
        await PrepareAsync(_tenant);

        var decisions = await Calculator.DecideAsync(_tenant, [Query("DE", "taxed", "taxed"), Query("DE"), Query("DE", "taxed")], Token);

        Assert.Equal([2, 0, 1], decisions.Select(decision => decision.Lines.Length));
        Assert.All(decisions.SelectMany(decision => decision.Lines), taxes => Assert.NotEmpty(taxes));
    }

    [Fact]
    public async Task Asking_twice_gives_the_same_and_asking_nothing_gives_nothing()
    {
        await PrepareAsync(_tenant);
        var query = Query("DE", "taxed", "other", "taxed");

        var (first, second) = (await Calculator.DecideAsync(_tenant, [query], Token), await Calculator.DecideAsync(_tenant, [query], Token));

        Assert.Equal(first.Single().Lines.Select(taxes => taxes.AsEnumerable()), second.Single().Lines.Select(taxes => taxes.AsEnumerable()));
        Assert.Empty(await Calculator.DecideAsync(_tenant, [], Token));
    }

    [Fact]
    public async Task A_customer_of_no_known_country_bears_no_tax()
    {
        await PrepareAsync(_tenant);

        Assert.All((await Calculator.DecideAsync(_tenant, [Query(null, "taxed")], Token)).Single().Lines, taxes => Assert.Empty(taxes));
    }

    [Fact]
    public async Task Who_is_exempt_is_charged_no_tax()
    {
        await PrepareAsync(_tenant);
        var query = Query("DE", "taxed");

        var decision = (await Calculator.DecideAsync(_tenant, [query with { Customer = query.Customer with { Exempt = true } }], Token)).Single();

        Assert.DoesNotContain(decision.Lines.Single(), tax => tax.Treatment is TaxTreatment.Standard);
    }

    private static TaxQuery Query(string? country, params string[] categories) =>
        new(Instant.FromUtc(2026, 1, 1, 0, 0), Usd, new TaxProfile(country), [.. categories.Select(category => new TaxableLine(category, Money.FromMinorUnits(1_000, Usd)))]);
}

/// <summary>Taxes every line of a customer of a known country alike; for tests.</summary>
public sealed class FixedTaxes(params IEnumerable<Tax> taxes) : ITaxCalculator
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<TaxDecision>> DecideAsync(TenantId tenant, IReadOnlyList<TaxQuery> queries, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queries);
        return Task.FromResult<IReadOnlyList<TaxDecision>>([.. queries.Select(query => new TaxDecision([.. query.Lines.Select(_ =>
            query.Customer.Country is null ? [] : (System.Collections.Immutable.ImmutableArray<Tax>)[.. taxes.Select(tax => query.Customer.Exempt ? tax with { Treatment = TaxTreatment.Exempt } : tax)])]))]);
    }
}
