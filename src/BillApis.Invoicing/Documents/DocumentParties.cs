using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Between whom a document is, in whose zone its dates are, and in which language its words.</summary>
/// <param name="Seller">Who bills.</param>
/// <param name="Customer">Who is billed.</param>
/// <param name="Zone">The customer's zone.</param>
/// <param name="Locale">The customer's language.</param>
public sealed record DocumentParties(InvoiceParty Seller, InvoiceParty Customer, DateTimeZone Zone, InvoiceLocale Locale)
{
    /// <summary>The customer's date of an instant.</summary>
    public LocalDate DateOf(Instant at) => at.InZone(Zone).Date;

    /// <summary>The last day that a half-open period holds a moment of.</summary>
    public LocalDate LastDateOf(Interval period) => DateOf(period.End > period.Start ? period.End - Duration.Epsilon : period.End);

    /// <summary>The lines of a party's address; without what is not known.</summary>
    public static ImmutableArray<string> AddressOf(InvoiceParty party)
    {
        ArgumentNullException.ThrowIfNull(party);
        var (address, country) = (party.Address ?? new Address(), party.Country ?? party.Address?.Country);
        return [.. new[] { address.Line1, address.Line2, $"{address.PostalCode} {address.City}".Trim(), address.Region, country }.Where(line => !string.IsNullOrWhiteSpace(line)).Select(line => line!)];
    }
}
