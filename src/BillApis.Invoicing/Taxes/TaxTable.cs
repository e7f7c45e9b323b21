using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>Decides taxes by rows: of each tax the most specific row counts, region before category, then the one that began last, then the newest.</summary>
/// <param name="Rows">The rows, in any order.</param>
public sealed record TaxTable(ImmutableArray<TaxRate> Rows)
{
    /// <summary>What the lines of an invoice bear.</summary>
    public TaxDecision Decide(TaxQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (Rows.IsEmpty || query.Customer.Country is null)
        {
            return new TaxDecision([.. query.Lines.Select(_ => ImmutableArray<Tax>.Empty)]);
        }

        var known = new Dictionary<string, ImmutableArray<Tax>>(StringComparer.Ordinal);
        return new TaxDecision([.. query.Lines.Select(line => known.TryGetValue(line.Category ?? "", out var taxes) ? taxes : known[line.Category ?? ""] = Of(query, line.Category))]);
    }

    private ImmutableArray<Tax> Of(TaxQuery query, string? category)
    {
        var customer = query.Customer;
        var treatment = customer.Exempt ? TaxTreatment.Exempt : TaxTreatment.Standard;
        var business = VatNumber.IsValid(customer.Country, customer.TaxId);
        return [.. Rows.Where(row => row.Fits(customer.Country, customer.Region, category, query.At))
            .GroupBy(row => row.Name, StringComparer.Ordinal)
            .OrderBy(rows => rows.Key, StringComparer.Ordinal)
            .Select(rows => rows.OrderByDescending(row => row.Region is not null).ThenByDescending(row => row.TaxCategory is not null)
                .ThenByDescending(row => row.ValidFrom ?? NodaTime.Instant.MinValue).ThenByDescending(row => row.Id.ToString(), StringComparer.Ordinal).First())
            .Select(row => new Tax
            {
                Name = row.Name,
                Country = row.Country,
                Region = row.Region,
                Category = row.TaxCategory,
                Percentage = row.Percentage,
                Inclusive = row.Inclusive,
                Treatment = treatment is TaxTreatment.Standard && business && row.ReverseCharge ? TaxTreatment.ReverseCharge : treatment,
                Rate = row.Id,
            })];
    }
}
