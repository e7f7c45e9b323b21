using BillApis.Ledger;

namespace BillApis.Unit.Tests.Ledger;

public sealed class TagTests
{
    [Theory]
    [InlineData("inv_01h455vb4pex5vsknk084sn02q")]
    [InlineData("cus_7zzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("pm_01h455vb4pex5vsknk084sn02q")]
    [InlineData("external")]
    [InlineData("inv_é'\"")]
    [InlineData("sixteen letters!")]
    [InlineData("inv_01h455vb4pex")]
    public void A_text_comes_back_as_it_was(string text)
    {
        Tag.Fits(text).ShouldBeTrue();
        Tag.Of(text).ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("seventeen letters")]
    [InlineData("ééééééééé")]
    [InlineData("a\0")]
    [InlineData("inv_81h455vb4pex5vsknk084sn02q")]
    public void What_does_not_fit_is_refused(string text)
    {
        Tag.Fits(text).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => Tag.Of(text));
    }

    [Fact]
    public void Different_texts_have_different_tags()
    {
        string[] texts = ["inv_01h455vb4pex5vsknk084sn02q", "cus_01h455vb4pex5vsknk084sn02q", "pm_01h455vb4pex5vsknk084sn02q", "inv", "inv_", "a", "b", "ab", "ba"];
        texts.Select(Tag.Of).Distinct().Count().ShouldBe(texts.Length);
        Tag.None.ToString().ShouldBeNull();
    }

    [Fact]
    public void An_id_is_its_own_bits()
    {
        var id = EntityId.Parse<InvoiceId>("inv_01h455vb4pex5vsknk084sn02q");
        Tag.Of(id.ToString()).Value.ShouldBe(UInt128.Parse(id.Value.ToString("N"), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture));
    }
}
