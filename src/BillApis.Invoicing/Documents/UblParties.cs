using System.Xml.Linq;

namespace BillApis.Invoicing;

/// <summary>Seller and customer as UBL has them.</summary>
internal static class UblParties
{
    private static readonly XNamespace Cac = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
    private static readonly XNamespace Cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";

    public static IEnumerable<XElement> Of(DocumentParties parties, UblBody body) => [
        new XElement(Cac + "AccountingSupplierParty", Party(parties.Seller, CountryOf(parties.Seller) ?? body.TaxCountry ?? CountryOf(parties.Customer), body, isSeller: true)),
        new XElement(Cac + "AccountingCustomerParty", Party(parties.Customer, CountryOf(parties.Customer) ?? body.TaxCountry, body, isSeller: false))];

    private static XElement Party(InvoiceParty party, string? country, UblBody body, bool isSeller)
    {
        // A VAT number begins with its country; where nothing is subject to VAT, none may be named.
        var isVat = party.TaxId is { Length: > 2 } id && char.IsAsciiLetterUpper(id[0]) && char.IsAsciiLetterUpper(id[1]);
        var address = party.Address ?? new Address();
        return new XElement(Cac + "Party",
            isSeller && !(isVat && body.HasVat) ? new XElement(Cac + "PartyIdentification", new XElement(Cbc + "ID", party.TaxId ?? party.Name)) : null,
            new XElement(Cac + "PostalAddress",
                Text("StreetName", address.Line1), Text("AdditionalStreetName", address.Line2), Text("CityName", address.City), Text("PostalZone", address.PostalCode), Text("CountrySubentity", address.Region),
                country is null ? null : new XElement(Cac + "Country", new XElement(Cbc + "IdentificationCode", country))),
            isVat && body.HasVat ? new XElement(Cac + "PartyTaxScheme", new XElement(Cbc + "CompanyID", party.TaxId), new XElement(Cac + "TaxScheme", new XElement(Cbc + "ID", "VAT"))) : null,
            new XElement(Cac + "PartyLegalEntity", new XElement(Cbc + "RegistrationName", party.Name), isVat ? null : Text("CompanyID", party.TaxId)),
            party.Email is null ? null : new XElement(Cac + "Contact", new XElement(Cbc + "ElectronicMail", party.Email)));
    }

    private static string? CountryOf(InvoiceParty party) => party.Country ?? party.Address?.Country;

    private static XElement? Text(string name, string? value) => string.IsNullOrWhiteSpace(value) ? null : new XElement(Cbc + name, value);
}
