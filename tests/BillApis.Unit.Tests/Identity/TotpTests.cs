using System.Text;
using BillApis.Identity;
using NodaTime;

namespace BillApis.Unit.Tests.Identity;

public sealed class TotpTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    /// <summary>The vectors of RFC 6238, appendix B, for SHA-1.</summary>
    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1_111_111_109, "07081804")]
    [InlineData(1_111_111_111, "14050471")]
    [InlineData(1_234_567_890, "89005924")]
    [InlineData(2_000_000_000, "69279037")]
    [InlineData(20_000_000_000, "65353130")]
    public void Codes_are_those_of_the_RFC(long seconds, string code) => Totp.Code(Secret, Totp.StepAt(Instant.FromUnixTimeSeconds(seconds)), digits: 8).ShouldBe(code);

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Secrets_are_written_as_in_RFC_4648_without_padding(string text, string written) => Totp.Base32(Encoding.ASCII.GetBytes(text)).ShouldBe(written);

    [Fact]
    public void A_code_is_good_one_step_before_and_after_and_once()
    {
        var now = Instant.FromUnixTimeSeconds(1_111_111_111);
        var step = Totp.StepAt(now);
        foreach (var (off, isGood) in new[] { (-2, false), (-1, true), (0, true), (1, true), (2, false) })
        {
            (Totp.Match(Secret, Totp.Code(Secret, step + off), now, 0) is not null).ShouldBe(isGood, $"{off}");
        }

        Totp.Match(Secret, Totp.Code(Secret, step), now, step).ShouldBeNull();
        Totp.Match(Secret, Totp.Code(Secret, step + 1), now, step).ShouldBe(step + 1);
        Totp.Match(Secret, "050471 ", now, 0).ShouldBeNull();
        Totp.Match(Secret, "050471", now, 0).ShouldBe(step);
    }
}
