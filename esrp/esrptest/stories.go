package esrptest

import "time"

// patience is how long a texter of a story waits for a reply before going on.
const patience = 45 * time.Second

// Stories are conversations for demonstrations and tests: people, numbers and places are invented.
func Stories() []Story {
	return []Story{hiding(), deaf(), crash(), spanish(), abandoned()}
}

// hiding: somebody who must not be heard.
func hiding() Story {
	return Story{Name: "hiding", Title: "Somebody is in the house and the caller hides",
		Caller: Caller{Number: "+12025550143", Name: "R. Vance", Place: &Place{Latitude: 38.8895, Longitude: -77.0353, Radius: 1200}},
		Steps: []Step{
			Blurt("someone broke into my house"),
			Say("I am in the closet upstairs. please dont call, he will hear the phone"),
			Listen(patience), Say("14 Alder Street, the blue door. my daughter is with me"),
			Listen(patience), Say("one man. I hear him in the kitchen"),
			Pause(2 * time.Second), Say("he is on the stairs"),
			Listen(patience), Say("ok. quiet now"),
			Pause(3 * time.Second), Say("I hear sirens. he is running out the back"),
			Listen(patience), Say("we are ok. thank you"),
			Stay(patience),
		}}
}

// deaf: somebody for whom text is the telephone.
func deaf() Story {
	return Story{Name: "deaf", Title: "A deaf caller whose husband has chest pain",
		Caller: Caller{Number: "+12025550117", Name: "M. Okafor", Languages: []string{"en", "ase"},
			Place:     &Place{Latitude: 38.9072, Longitude: -77.0369, Radius: 350, Method: "GPS"},
			Reference: "https://lis.example.net/held/9f8e7d6c"},
		Steps: []Step{
			Say("I am deaf. My husband has pain in his chest and cannot breathe well"),
			Listen(patience), Say("He is 61. 220 Linden Court, apartment 3B, third floor"),
			Listen(patience), Say("Yes awake. He is grey and sweating. Left arm hurts too"),
			Listen(patience), Say("He took one aspirin now. What else?"),
			Pause(2 * time.Second), Say("His eyes are closing"),
			Listen(patience), Say("Door is open. I will put the light on outside"),
			LoseSignal(2 * time.Second),
			Say("They are here. Thank you so much"),
			Stay(patience),
		}}
}

// crash: somebody whose position gets better, who writes long and with pictures made of letters.
func crash() Story {
	return Story{Name: "crash", Title: "A car crash on a road without a name",
		Caller: Caller{Number: "+12025550171", Place: &Place{Latitude: 39.2904, Longitude: -77.8608, Radius: 3000}},
		Mode:   Mode{Wrap: true},
		Steps: []Step{
			Say("car accident 🚗💥 two cars"),
			Say("I was driving behind them on the road along the river, the one that goes from the old mill to the quarry, " +
				"I do not know its name and there is no sign. A white pickup came round the bend on the wrong side and hit a small " +
				"red car almost head on. The pickup is on its side in the ditch, the red car is against a tree. There is smoke from " +
				"the red car but I see no fire. I have stopped about fifty metres before them with my lights flashing."),
			Listen(patience), Move(Place{Latitude: 39.2861, Longitude: -77.8542, Radius: 25, Method: "GPS"}),
			Say("three people. the woman in the red car does not answer 😟 the two from the pickup are out and walking"),
			Listen(patience), Say("she is breathing. blood on her head 🩸"),
			Listen(patience), Say("ok not moving her. 👍 holding a cloth on it"),
			Pause(3 * time.Second), Say("smoke is getting thicker"),
			Listen(patience), Say("fire engine is here 🚒🙏"),
			Stay(patience),
		}}
}

// spanish: somebody who writes no English.
func spanish() Story {
	return Story{Name: "spanish", Title: "A caller who writes Spanish, with a child with an allergy",
		Caller: Caller{Number: "+12025550162", Name: "L. Marín", Languages: []string{"es", "en"},
			Place: &Place{Latitude: 38.9338, Longitude: -77.0211, Radius: 600}},
		Steps: []Step{
			Say("ayuda, mi niño comió cacahuates y se le hincha la cara"),
			Listen(patience), Say("tiene 6 años. estamos en el parque de la calle Olmo, junto a la fuente"),
			Listen(patience), Say("no, no tenemos inyección. respira con ruido, ¿qué hago?"),
			Listen(patience), Say("está sentado conmigo. los labios un poco azules"),
			Pause(2 * time.Second), Say("¡ya veo la ambulancia! gracias"),
			Stay(patience),
		}}
}

// abandoned: somebody who gives up before anybody takes the call.
func abandoned() Story {
	return Story{Name: "abandoned", Title: "A caller who gives up before the call is taken",
		Caller: Caller{Number: "+12025550189", Place: &Place{Latitude: 38.8977, Longitude: -77.0365, Radius: 2000}},
		GiveUp: 8 * time.Second,
		Steps:  []Step{Say("never mind, wrong number, sorry"), HangUp()},
	}
}
