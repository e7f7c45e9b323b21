using BillApis.Identity;
using NodaTime;

namespace BillApis.Unit.Tests.Identity;

public sealed class SigningScheduleTests
{
    private static readonly Instant Day0 = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly SigningKey First = Key(0);
    private static readonly SigningKey Second = Key(30);
    private static readonly SigningKey Third = Key(60);

    [Fact]
    public void A_key_is_good_until_the_next_one_has_signed_for_an_hour()
    {
        Valid(Day(29)).ShouldBe([Third.Id, Second.Id, First.Id]);
        Valid(Day(30) + Duration.FromMinutes(59)).ShouldBe([Third.Id, Second.Id, First.Id]);
        Valid(Day(30) + Duration.FromHours(1)).ShouldBe([Third.Id, Second.Id]);
        Valid(Day(61)).ShouldBe([Third.Id]);
        Valid(Day(400)).ShouldBe([Third.Id]);
    }

    [Fact]
    public void A_revoked_key_is_good_for_nothing()
    {
        var revoked = Second with { RevokedAt = Day(31) };
        SigningSchedule.Valid([First, revoked, Third], Day(30)).Select(key => key.Id).ShouldBe([Third.Id, First.Id]);
    }

    [Fact]
    public void The_next_key_is_made_a_day_before_it_signs()
    {
        SigningSchedule.NextDue([], Day0).ShouldBe(Day0);
        SigningSchedule.NextDue([First], Day(29) - Duration.FromSeconds(1)).ShouldBeNull();
        SigningSchedule.NextDue([First], Day(29)).ShouldBe(Day(30));

        // Nothing ran for a while: whoever keeps the published keys still has a day to see the next one.
        SigningSchedule.NextDue([First], Day(45)).ShouldBe(Day(46));
        SigningSchedule.NextDue([First, Key(46)], Day(45)).ShouldBeNull();
        SigningSchedule.NextDue([First with { RevokedAt = Day(3) }], Day(3)).ShouldBe(Day(3));
    }

    private static IEnumerable<SigningKeyId> Valid(Instant now) => SigningSchedule.Valid([First, Second, Third], now).Select(key => key.Id);

    private static Instant Day(int day) => Day0 + Duration.FromDays(day);

    private static SigningKey Key(int day) => new() { PrivateKey = "", PublicKey = "", CreatedAt = Day(day) };
}
