using BillApis.AspNetCore;
using NodaTime;

namespace BillApis.Host.Tests;

public sealed class LoginThrottleTests(HostFixture host)
{
    private static readonly Instant Now = Instant.FromUtc(2026, 1, 1, 0, 0);

    [Fact]
    public async Task After_ten_failures_the_answer_is_RATE_001_with_the_time_to_wait_whether_the_user_exists_or_not()
    {
        var user = await new People(host).AddAsync("support");
        foreach (var email in new[] { user.GetProperty("email").GetString()!, $"{Seed.Name("nobody")}@example.com" })
        {
            for (var attempt = 0; attempt < 10; attempt++)
            {
                (await host.Nobody.PostAsync("/auth/login", new { email, password = "wrong" })).ShouldFail(401, "AUTH_001");
            }

            var refused = await host.Nobody.PostAsync("/auth/login", new { email = email.ToUpperInvariant(), password = People.Password });
            refused.ShouldFail(429, "RATE_001");
            int.Parse(refused.Headers["Retry-After"].Single(), System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(1, 900);
        }
    }

    [Fact]
    public void A_success_forgets_the_failures_and_so_does_time()
    {
        var throttle = new LoginThrottle();
        Fail(throttle, 9, "a@x", "1");
        throttle.Succeeded("a@x", "1");
        Fail(throttle, 10, "a@x", "1");
        Should.Throw<HttpRefusal>(() => throttle.Check("a@x", "1", Now + Duration.FromMinutes(14)));
        throttle.Check("a@x", "1", Now + Duration.FromMinutes(15));
        throttle.Check("b@x", "1", Now);
        throttle.Check("a@x", "2", Now);
    }

    [Fact]
    public void Guessing_from_many_addresses_and_for_many_users_is_slowed_down_too()
    {
        var throttle = new LoginThrottle();
        for (var address = 0; address < 50; address++)
        {
            throttle.Check("a@x", $"{address}", Now);
            throttle.Failed("a@x", $"{address}", Now);
        }

        Should.Throw<HttpRefusal>(() => throttle.Check("a@x", "51", Now));
        for (var user = 0; user < 100; user++)
        {
            throttle.Check($"{user}@y", "9.9.9.9", Now);
            throttle.Failed($"{user}@y", "9.9.9.9", Now);
        }

        Should.Throw<HttpRefusal>(() => throttle.Check("new@y", "9.9.9.9", Now));
    }

    // Sent together, they would all be let in before the first one had failed.
    [Fact]
    public async Task Guesses_that_are_sent_at_once_are_counted_too()
    {
        var user = await new People(host).AddAsync("support");
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(guess => host.Nobody.PostAsync("/auth/login", new { email = user.GetProperty("email").GetString(), password = $"guess {guess}" })));
        answers.Count(answer => answer.Code == "AUTH_001").ShouldBeInRange(10, 13);
        answers.Count(answer => answer.Code == "RATE_001").ShouldBeInRange(47, 50);
    }

    [Theory]
    [InlineData("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    public void All_addresses_that_one_has_count_as_one(string address, string another, bool same)
    {
        var throttle = new LoginThrottle();
        Fail(throttle, 10, "a@x", address);
        var check = () => throttle.Check("a@x", another, Now);
        if (same)
        {
            Should.Throw<HttpRefusal>(check);
        }
        else
        {
            check();
        }
    }

    [Fact]
    public async Task A_failed_sign_in_is_told_whether_the_user_exists_or_not_and_the_address_of_nobody_is_not_written_down()
    {
        var email = $"{Seed.Name("my.password.by.mistake")}@example.com";
        (await host.Nobody.PostAsync("/auth/login", new { email, password = "wrong" })).ShouldFail(401, "AUTH_001");
        var entry = (await host.Api.GetAsync("/admin/audit?limit=1")).Ok()[0];
        (entry.GetProperty("action").GetString(), entry.GetProperty("object").GetString()).ShouldBe(("login.failed", "unknown user"));
        entry.GetRawText().ShouldNotContain("by.mistake");
    }

    [Fact]
    public void A_key_is_short_however_long_the_address_is_and_its_own()
    {
        var (first, second) = (LoginThrottle.Keys(new string('a', 1_000_000), "192.0.2.1").ToList(), LoginThrottle.Keys(new string('a', 1_000_001), "192.0.2.1").ToList());
        first.Concat(second).ShouldAllBe(counted => counted.Key.Length == 64);
        first.Select(counted => counted.Key).Intersect(second.Select(counted => counted.Key)).ShouldHaveSingleItem().ShouldBe(first[2].Key);
    }

    [Fact]
    public void Where_too_many_are_counted_the_oldest_is_forgotten_first()
    {
        var throttle = new LoginThrottle();
        Fail(throttle, 10, "oldest@x", "192.0.2.1");
        Fail(throttle, 10, "second@x", "192.0.2.2");

        // Two keys each: with those, the first's own three are just too many.
        for (var other = 0; other < (LoginThrottle.MostKeys - 6) / 2; other++)
        {
            throttle.Failed($"{other}@y", null, Now);
        }

        Should.Throw<HttpRefusal>(() => throttle.Check("oldest@x", "192.0.2.1", Now));
        throttle.Failed("one@y", null, Now);
        throttle.Check("oldest@x", "192.0.2.1", Now);
        Should.Throw<HttpRefusal>(() => throttle.Check("second@x", "192.0.2.2", Now));
    }

    [Fact]
    public async Task An_address_that_nobody_can_have_is_answered_like_one_that_nobody_has()
    {
        var (longest, email) = ($"{new string('a', 242)}@example.com", $"{new string('a', 243)}@example.com");
        (longest.Length, email.Length).ShouldBe((254, 255));
        var nobody = await host.Nobody.PostAsync("/auth/login", new { email = longest, password = "wrong" });
        nobody.ShouldFail(401, "AUTH_001");
        for (var attempt = 0; attempt < 12; attempt++)
        {
            var refused = await host.Nobody.PostAsync("/auth/login", new { email, password = "wrong" });
            refused.ShouldFail(401, "AUTH_001");
            refused.Envelope.GetProperty("error").GetRawText().ShouldBe(nobody.Envelope.GetProperty("error").GetRawText());
        }

        var asked = await host.Nobody.PostAsync("/auth/password/forgot", new { email = longest });
        for (var attempt = 0; attempt < 12; attempt++)
        {
            (await host.Nobody.PostAsync("/portal/auth/password/forgot", new { email })).Status.ShouldBe(asked.Status);
        }

        (await host.Nobody.PostAsync("/portal/register", new { email, password = People.Password, name = "Ada" })).ShouldFail(400, "VAL_001", "email");
        (await host.Api.PostAsync("/admin/users", new { email, name = "Ada" })).ShouldFail(400, "VAL_001", "email");
    }

    private static void Fail(LoginThrottle throttle, int times, string email, string address)
    {
        for (var i = 0; i < times; i++)
        {
            throttle.Check(email, address, Now);
            throttle.Failed(email, address, Now);
        }
    }
}
