using NodaTime;

namespace BillApis.Unit.Tests.Abstractions;

public sealed class EntityIdTests
{
    [Fact]
    public void Text_and_id_are_one_to_one()
    {
        foreach (var id in Enumerable.Range(0, 1_000).Select(_ => EntityId.New<InvoiceId>()))
        {
            var text = id.ToString();
            text.Length.ShouldBe(30);
            EntityId.Parse<InvoiceId>(text).ShouldBe(id);
            EntityId.TryParse<InvoiceId>(text.ToUpperInvariant(), out _).ShouldBeFalse();
            EntityId.TryParse<CustomerId>(text, out _).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("inv_")]
    [InlineData("inv_8zzzzzzzzzzzzzzzzzzzzzzzzz")] // more than 128 bits
    [InlineData("inv_01h455vb4pex5vsknk084sn02l")] // l is no letter of Crockford's
    [InlineData("inv-01h455vb4pex5vsknk084sn02q")]
    [InlineData(null)]
    public void Anything_else_is_no_id(string? text) => EntityId.TryParse<InvoiceId>(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("\"inv_01h455vb4pex5vsknk084sn02q\"", true)]
    [InlineData("\"\\u0069nv_01h455vb4pex5vsknk084sn02q\"", true)]
    [InlineData("\"inv_01h455vb4pex5vsknk084sn02l\"", false)]
    [InlineData("\"inv_01h455vb4pex5vsknk084sn02é\"", false)]
    [InlineData("\"inv_01h455vb4pex5vsknk084sn0é\"", false)] // as many bytes as an id
    [InlineData("\"inv_\"", false)]
    [InlineData("7", false)]
    public void Json_is_read_where_it_is_an_id(string json, bool isId)
    {
        if (isId)
        {
            System.Text.Json.JsonSerializer.Deserialize<InvoiceId>(json, BillingJson.Options).ShouldBe(EntityId.Parse<InvoiceId>("inv_01h455vb4pex5vsknk084sn02q"));
        }
        else
        {
            Should.Throw<System.Text.Json.JsonException>(() => System.Text.Json.JsonSerializer.Deserialize<InvoiceId>(json, BillingJson.Options));
        }
    }

    [Fact]
    public void Ids_sort_as_text_in_the_order_in_which_they_were_made()
    {
        var ids = Enumerable.Range(0, 10_000).Select(_ => EntityId.New<InvoiceId>().ToString()).ToList();

        ids.ShouldBe(ids.Order(StringComparer.Ordinal));
        ids.Distinct().Count().ShouldBe(ids.Count);
        EntityId.New<InvoiceId>().Value.Version.ShouldBe(7);
    }

    [Fact]
    public void A_derived_id_is_the_same_for_the_same_cause_and_ordered_by_its_instant()
    {
        var at = Instant.FromUtc(2026, 2, 1, 0, 0);
        EntityId.Derive<InvoiceId>(at, "a").ShouldBe(EntityId.Derive<InvoiceId>(at, "a"));
        EntityId.Derive<InvoiceId>(at, "a").ShouldNotBe(EntityId.Derive<InvoiceId>(at, "b"));
        EntityId.Derive<InvoiceId>(at, "a").Value.ShouldNotBe(EntityId.Derive<PaymentId>(at, "a").Value);
        string.CompareOrdinal(EntityId.Derive<InvoiceId>(at, "a").ToString(), EntityId.Derive<InvoiceId>(at + Duration.FromMilliseconds(1), "a").ToString()).ShouldBeLessThan(0);
        EntityId.Derive<InvoiceId>(at, "a").Value.Version.ShouldBe(7);
    }

    // The bits behind the instant are those of the hash, whatever the length and the letters of the cause.
    [Theory]
    [InlineData("")]
    [InlineData("sub_01/2026-02-01")]
    [InlineData("Ünïcödé \U0001F600")]
    [InlineData(null)]
    public void A_derived_id_is_the_hash_of_its_cause(string? given)
    {
        var cause = given ?? string.Concat(Enumerable.Repeat("a long cause é ", 60));
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("inv\n" + cause));

        var bytes = EntityId.Derive<InvoiceId>(Instant.FromUnixTimeMilliseconds(0x0123_4567_89AB), cause).Value.ToByteArray(bigEndian: true);
        Convert.ToHexString(bytes[..6]).ShouldBe("0123456789AB");
        (((bytes[6] & 0xF) << 8) | bytes[7]).ShouldBe(((hash[6] & 0xF) << 8) | hash[7]);
        (bytes[8] & 0x3F).ShouldBe(hash[8] & 0x3F);
        bytes[9..].ShouldBe(hash[9..16]);
    }
}
