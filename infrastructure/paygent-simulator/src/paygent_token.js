// The simulator's stand-in for Paygent's browser script: turns a card into a token.
(function () {
  "use strict";
  var origin = new URL(document.currentScript.src).origin;

  function PaygentToken() {}

  PaygentToken.prototype.createToken = function (merchantId, tokenKey, card, callback) {
    var form = new URLSearchParams({
      merchant_id: merchantId,
      token_generate_key: tokenKey,
      card_number: card.card_number || "",
      card_expire_year: card.expire_year || "",
      card_expire_month: card.expire_month || "",
      card_cvc: card.cvc || "",
      card_name: card.name || "",
    });
    fetch(origin + "/n/token/request", { method: "POST", body: form })
      .then(function (reply) { return reply.json(); })
      .catch(function () { return { result: "7001" }; })
      .then(callback);
  };

  window.PaygentToken = PaygentToken;
})();
