using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BillApis.Invoicing;

namespace BillApis.Unit.Tests.Documents;

/// <summary>An invoice that gets its number at the last moment is spelled and sealed as one that always had it.</summary>
public sealed class UnnumberedInvoiceTests
{
    private const string Forged = "\"number\":-9223372036854775808,\"seal\":null,\"number\":-9223372036854775808";
    private static readonly string[] State = ["status", "payments", "credit_memos", "paid_at", "sent", "replaced_by", "seal", "version"];

    [Theory]
    [InlineData(1, "")]
    [InlineData(42, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")]
    [InlineData(999_999_999, "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7")]
    public void It_is_what_it_would_be_with_its_number_from_the_start(long number, string previous)
    {
        foreach (var invoice in Invoices())
        {
            var (json, displayed, seal) = UnnumberedInvoice.Of(invoice with { Number = null }).Number(number, previous);

            var numbered = invoice with { Number = number, Seal = null };
            byte[] hashed = [.. Encoding.ASCII.GetBytes(previous), (byte)'\n', .. CanonicalJson.Write(JsonSerializer.SerializeToElement(numbered, BillingJson.Options), State)];
            var whole = new DocumentSeal(Convert.ToHexStringLower(SHA256.HashData(hashed)), previous);
            seal.ShouldBe(whole);
            Encoding.UTF8.GetString(json).ShouldBe(JsonSerializer.Serialize(numbered with { Seal = whole }, BillingJson.Options));
            displayed.ShouldBe(numbered.DisplayNumber);
        }
    }

    [Fact]
    public void It_is_numbered_anew_where_the_first_number_was_not_kept()
    {
        var invoice = Parties.Documented() with { Number = null };
        var unnumbered = UnnumberedInvoice.Of(invoice);
        unnumbered.Number(7, "");

        unnumbered.Number(8, "").Json.ShouldBe(UnnumberedInvoice.Of(invoice).Number(8, "").Json);
    }

    private static Invoice[] Invoices()
    {
        var (plain, joined) = (Parties.Documented(), Parties.Consolidated(Forged, "Ünïcode \U0001F600"));
        return [plain, joined, plain with { Notes = Forged, PurchaseOrder = "\"number\":1", Series = "ÄB" }, plain with { Lines = [.. plain.Lines.Select(line => line with { Description = Forged })], Version = 3, Seal = new DocumentSeal("a", "b") }];
    }
}
