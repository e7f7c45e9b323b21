using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Invoicing;

namespace BillApis.Unit.Tests.Documents;

public sealed class CanonicalJsonTests
{
    private static readonly string[] Plain = ["a", "aa", "a_b", "ab", "b", "invoice", "id", "z9", "Z", "credit"];
    private static readonly string[] Odd = ["é", "e", "quote\"d", "back\\slash", "\uFFFD", "\U0001F600", "tab\t"];

    [Fact]
    public void Names_are_in_order_and_what_says_nothing_is_left_out()
    {
        var value = JsonNode.Parse("""{"b":[{}, null, false, []],"aa":0,"a_b":"","a":{"z":null,"y":{"x":[]}},"ab":{"y":false,"x":"é\"\n"},"B":1.50,"left":1,"c":{"left":2}}""");

        Encoding.UTF8.GetString(CanonicalJson.Of(value, "left")).ShouldBe("""{"B":1.50,"a_b":"","aa":0,"ab":{"x":"é\"\n"},"b":[{},null,false,[]],"c":{"left":2}}""");
        Encoding.UTF8.GetString(CanonicalJson.Of(new object())).ShouldBe("{}");
        Encoding.UTF8.GetString(CanonicalJson.Of("text")).ShouldBe("\"text\"");
    }

    // Against the same by the words of its summary, over trees of nodes; with names whose order in UTF-8 is another, and with those that have to be escaped.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_value_has_one_spelling(bool withOddNames)
    {
        var random = new Random(20260731);
        for (var i = 0; i < 2_000; i++)
        {
            var value = Tree(random, 0, withOddNames ? [.. Plain, .. Odd] : Plain);
            string[] leaveOut = random.Next(3) == 0 ? ["id", "credit"] : [];

            var expected = Ordered(value, leaveOut)!.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            Encoding.UTF8.GetString(CanonicalJson.Of(value, leaveOut)).ShouldBe(expected);
            Encoding.UTF8.GetString(CanonicalJson.Write(JsonSerializer.SerializeToElement(value), leaveOut)).ShouldBe(expected);
        }
    }

    private static JsonObject Tree(Random random, int depth, string[] names)
    {
        var made = new JsonObject();
        for (var left = random.Next(depth == 0 ? 9 : 5); left > 0; left--)
        {
            made[names[random.Next(names.Length)]] = Value(random, depth + 1, names);
        }

        return made;
    }

    private static JsonNode? Value(Random random, int depth, string[] names) => random.Next(depth > 4 ? 6 : 9) switch
    {
        0 => null,
        1 => false,
        2 => true,
        3 => random.Next(-5, 500),
        4 => "",
        5 => "te\"xt \u0001 é \U0001F600",
        6 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth + 1, names))]),
        _ => Tree(random, depth, names),
    };

    private static JsonNode? Ordered(JsonNode? value, string[] leaveOut) => value switch
    {
        JsonObject members => new JsonObject(members.Where(member => Says(member.Value) && !leaveOut.Contains(member.Key)).OrderBy(member => member.Key, StringComparer.Ordinal)
            .Select(member => KeyValuePair.Create(member.Key, Ordered(member.Value, [])))),
        JsonArray items => new JsonArray([.. items.Select(item => Ordered(item, []))]),
        _ => value?.DeepClone(),
    };

    private static bool Says(JsonNode? value) => value switch
    {
        null => false,
        JsonObject members => members.Any(member => Says(member.Value)),
        JsonArray items => items.Count > 0,
        _ => value.GetValueKind() is not JsonValueKind.False,
    };
}
