using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Decides which taxes the lines of invoices bear. Implementations must pass <c>TaxCalculatorConformance</c>.</summary>
public interface ITaxCalculator
{
    /// <summary>The decisions, one for each query and in the same order; asking twice at the same state of the tables gives the same.</summary>
    /// <exception cref="BillingException">The source of the decisions cannot be reached.</exception>
    Task<IReadOnlyList<TaxDecision>> DecideAsync(TenantId tenant, IReadOnlyList<TaxQuery> queries, CancellationToken cancellationToken);
}

/// <summary>All that the taxes of an invoice are decided by.</summary>
/// <param name="At">The date of the invoice.</param>
/// <param name="Currency">The currency of every amount.</param>
/// <param name="Customer">Who buys.</param>
/// <param name="Lines">What is bought.</param>
public sealed record TaxQuery(Instant At, Currency Currency, TaxProfile Customer, ImmutableArray<TaxableLine> Lines);

/// <summary>What a customer's taxes follow from.</summary>
/// <param name="Country">ISO 3166-1 alpha-2; null where it is not known, and then nothing is taxed.</param>
/// <param name="Region">The state or province.</param>
/// <param name="PostalCode">The postal code.</param>
/// <param name="TaxId">The VAT or other tax number.</param>
/// <param name="Exempt">Whether no tax is charged.</param>
public sealed record TaxProfile(string? Country = null, string? Region = null, string? PostalCode = null, string? TaxId = null, bool Exempt = false);

/// <summary>A line as far as tax is concerned.</summary>
/// <param name="Category">The tax category; null for the standard one.</param>
/// <param name="Amount">What is left after discounts and promotional credits.</param>
public sealed record TaxableLine(string? Category, Money Amount);

/// <summary>Which taxes each line of an invoice bears.</summary>
/// <param name="Lines">The taxes of each line, in the order of the query.</param>
public sealed record TaxDecision(ImmutableArray<ImmutableArray<Tax>> Lines)
{
    /// <summary>No tax on any line.</summary>
    public static TaxDecision None { get; } = new([]);

    /// <summary>What was decided for an invoice that has its taxes already.</summary>
    public static TaxDecision Of(Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        return new([.. invoice.Lines.Select(line => ImmutableArray.CreateRange(line.Taxes, item => item.Tax))]);
    }
}
