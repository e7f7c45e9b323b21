using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Metering;

/// <summary>What is spelt without going through a serializer or a string is spelt as it would be there.</summary>
public sealed class EventTextTests
{
    private static readonly string[] Texts = ["", "a", "plain-text_1.2:3/4 5", "<b>&'\"\\", "ä\n\t\u0007", "漢字\ud83d\ude00", "+", new('x', 600), new('漢', 300)];

    [Fact]
    public void Properties_are_spelt_as_the_serializer_spells_them()
    {
        var random = new Random(11);
        for (var i = 0; i < 2_000; i++)
        {
            var properties = Properties(random);
            properties.ToString().ShouldBe(JsonSerializer.Serialize(properties, BillingJson.Options));
        }
    }

    [Fact]
    public void The_hash_is_the_first_half_of_SHA_256_over_the_fields_behind_their_lengths()
    {
        var random = new Random(13);
        for (var i = 0; i < 2_000; i++)
        {
            var item = new UsageEvent
            {
                Id = "id", Type = Text(random), Customer = Text(random), Properties = Properties(random),
                Timestamp = random.Next(3) == 0 ? null : Instant.FromUnixTimeTicks(random.NextInt64(-1_000_000_000_000, 20_000_000_000_000_000)),
                SubscriptionId = random.Next(2) == 0 ? null : EntityId.New<SubscriptionId>(),
            };
            var at = item.Timestamp?.ToUnixTimeTicks().ToString(CultureInfo.InvariantCulture) ?? "";
            string[] fields = [item.Type, item.Customer, at, item.SubscriptionId?.ToString() ?? ""];
            var text = string.Concat(fields.Select(Field)) + string.Concat(item.Properties.Items.Select(pair => $"{Field(pair.Key)}{(int)pair.Value.Kind}{Field(pair.Value.Text)}"));
            ContentHash.Of(item).ShouldBe(Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16)));
        }
    }

    private static string Field(string text) => $"{text.Length}:{text}";

    private static string Text(Random random) => Texts[random.Next(Texts.Length)];

    private static UsageProperties Properties(Random random) => UsageProperties.Of(Enumerable.Range(0, random.Next(5)).Select(i => KeyValuePair.Create($"{Text(random)}{i}", random.Next(4) switch
    {
        0 => default,
        1 => PropertyValue.Of(random.Next(2) == 0),
        2 => PropertyValue.Number(random.Next(2) == 0 ? "1e400" : "-12.50"),
        _ => PropertyValue.Of(Text(random)),
    })));
}
